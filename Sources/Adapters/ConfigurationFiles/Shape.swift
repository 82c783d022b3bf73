// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Yams

/// How a value of one type is written in YAML: a row of the tables in `Kinds/`.
///
/// `parse` returns `nil` exactly when it has reported a problem, so that one pass finds all of them.
struct Shape<Value>: Sendable {
    /// What may stand here, for messages: `a whole number from 1 to 10`.
    var allowed: String
    var parse: @Sendable (Cursor) -> Value?
}

/// What a leaf makes of its text.
enum Verdict<Value> {
    case value(Value)
    /// Not what is allowed here; the hint says how to write it if we can tell.
    case refused(hint: String? = nil)
}

extension Shape {
    /// A single value; `judge` sees its characters. Anything else is reported as `found X; allowed: Y`.
    static func leaf(_ allowed: String, _ judge: @escaping @Sendable (ScalarText) -> Verdict<Value>) -> Shape {
        Shape(allowed: allowed) { cursor in
            var hint: String?
            if let scalar = cursor.scalar {
                switch judge(scalar) {
                case .value(let value): return value
                case .refused(let reason): hint = reason
                }
            }
            cursor.report("found \(cursor.found); allowed: \(allowed)", hint: hint)
            return nil
        }
    }

    /// Text that no YAML reader takes for a number or a truth value.
    static func text(_ allowed: String, _ judge: @escaping @Sendable (String) -> Verdict<Value>) -> Shape {
        leaf(allowed) { scalar in
            switch scalar.reading {
            case .text: judge(scalar.text)
            case .nothing: .refused()
            case .truth, .number: .refused(hint: "write \"\(scalar.shortened)\" in quotes if that is the text")
            }
        }
    }

    /// A mapping with named fields. `body` asks for each field once; what it did not ask for is reported as unknown.
    static func object(_ body: @escaping @Sendable (Fields) -> Value?) -> Shape {
        Shape(allowed: "a mapping") { cursor in
            guard let fields = Fields(cursor) else { return nil }
            let value = body(fields)
            fields.reportUnknown()
            return value
        }
    }

    /// A list; elements that are wrong are reported and left out, and then the whole list is `nil`.
    static func list<Element>(_ element: Shape<Element>, count: ClosedRange<Int>) -> Shape where Value == [Element] {
        Shape(allowed: "a list of \(count.lowerBound) to \(count.upperBound)") { cursor in
            guard case .sequence(let nodes) = cursor.node else {
                cursor.report(
                    "found \(cursor.found); allowed: a list",
                    hint: "write [ ] around it, or one line with - per element")
                return nil
            }
            guard count.contains(nodes.count) else {
                cursor.report("found \(nodes.count) elements; allowed: \(count.lowerBound) to \(count.upperBound)")
                return nil
            }
            let values = nodes.enumerated().map { cursor.element($0.offset, $0.element).read(element) }
            let complete = values.compactMap(\.self)
            return complete.count == values.count ? complete : nil
        }
    }

    /// One value as it stands, or a list of them.
    static func oneOrList<Element>(_ element: Shape<Element>, count: ClosedRange<Int>) -> Shape
    where Value == [Element] {
        let list = Shape.list(element, count: count)
        return Shape(allowed: "\(element.allowed), or a list of \(count.lowerBound) to \(count.upperBound)") { cursor in
            if case .sequence = cursor.node { return list.parse(cursor) }
            return element.parse(cursor).map { [$0] }
        }
    }

    /// A list no two elements of which have the same `key`.
    func unique<Element, Key: Hashable & SendableMetatype>(
        _ noun: String, by key: @escaping @Sendable (Element) -> Key
    ) -> Shape where Value == [Element] {
        checked { elements, cursor in
            var first: [Key: Int] = [:]
            for (index, element) in elements.enumerated() {
                if let earlier = first.updateValue(index, forKey: key(element)) {
                    cursor.report(
                        "elements \(earlier) and \(index) state the same \(noun) \"\(key(element))\"",
                        hint: "remove one")
                    return false
                }
            }
            return true
        }
    }

    /// Adds a condition that spans fields; `check` reports and returns `false` when it does not hold.
    func checked(_ check: @escaping @Sendable (Value, Cursor) -> Bool) -> Shape {
        Shape(allowed: allowed) { cursor in
            guard let value = parse(cursor), check(value, cursor) else { return nil }
            return value
        }
    }
}
