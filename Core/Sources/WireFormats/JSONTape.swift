// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A JSON document as the list of its values in the order in which they stand: what translation reads instead of a
/// tree.
///
/// A value is a few integers that say where its bytes are; text is never copied or unescaped here. A tape is used for
/// one document after the other and keeps its memory, so that reading allocates nothing once it has grown.
/// - Limits: 128 levels, documents below 2 GiB (offsets are 32 bits). At most one value per two bytes.
/// - Threading: confined to its owner. Elements point into the tape and into the bytes: both must outlive them, and the
///   next `read` ends them.
public final class JSONTape {
    @usableFromInline
    struct Node: BitwiseCopyable {
        /// Position of the value's first byte; of a string: behind the quote.
        @usableFromInline var start: Int32
        /// Bytes of the value; of a string: without the quotes.
        @usableFromInline var count: Int32
        /// Index behind the value's last descendant.
        @usableFromInline var next: Int32
        @usableFromInline var kind: JSONElement.Kind
        @usableFromInline var hasEscapes: Bool
    }

    private var nodes: UnsafeMutablePointer<Node>
    private var capacity = 256
    private var count = 0

    public init() { nodes = .allocate(capacity: capacity) }

    deinit { nodes.deallocate() }

    /// Reads one whole document, strictly (RFC 8259), and nothing behind it but white space.
    /// - Returns: the outermost value.
    /// - Cost: O(bytes); no allocation but for growth.
    public func read(_ bytes: UnsafeRawBufferPointer) throws(JSONFault) -> JSONElement {
        guard !bytes.isEmpty else { throw .unexpectedEnd }
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB { throw .byteOrderMark }
        count = 0
        var scanner = JSONScanner(bytes)
        try readValue(&scanner)
        try scanner.finish()
        guard let base = bytes.baseAddress else { throw .unexpectedEnd }
        return JSONElement(nodes: UnsafePointer(nodes), base: base, index: 0)
    }

    /// Values are taken one after the other; `open` are the containers around the next one, by their node. A bit set
    /// says object. Iterative, so that nesting costs no stack.
    private func readValue(_ scanner: inout JSONScanner) throws(JSONFault) {
        var open = InlineArray<128, Int32>(repeating: 0)
        var depth = 0
        while true {
            let first = try scanner.peek()
            if first == 123 || first == 91 {
                guard depth < JSONScanner.depthMax else { throw .tooDeep }
                open[depth] = Int32(truncatingIfNeeded: count)
                append(first == 123 ? .object : .array, ByteRange(scanner.position, scanner.position))
                depth += 1
                try scanner.take(first)
                if try !scanner.takeIf(first &+ 2) {
                    if first == 123 { try readName(&scanner) }
                    continue
                }
                close(Int(open[depth - 1]), scanner)
                depth -= 1
            } else {
                try readScalar(&scanner, first)
            }
            // A value ended: a comma, or closing brackets.
            while true {
                guard depth > 0 else { return }
                let container = Int(open[depth - 1])
                let isObject = nodes[container].kind == .object
                if try scanner.takeIf(44) {
                    if isObject { try readName(&scanner) }
                    break
                }
                try scanner.take(isObject ? 125 : 93)
                close(container, scanner)
                depth -= 1
            }
        }
    }

    private func close(_ container: Int, _ scanner: JSONScanner) {
        nodes[container].count = Int32(truncatingIfNeeded: scanner.position) - nodes[container].start
        nodes[container].next = Int32(truncatingIfNeeded: count)
    }

    private func readName(_ scanner: inout JSONScanner) throws(JSONFault) {
        let name = try scanner.string()
        append(.string, name.range, hasEscapes: name.hasEscapes)
        try scanner.take(58)
    }

    @inline(__always)
    private func readScalar(_ scanner: inout JSONScanner, _ first: UInt8) throws(JSONFault) {
        if first == 34 {
            let text = try scanner.string()
            return append(.string, text.range, hasEscapes: text.hasEscapes)
        }
        switch first {
        case 45, 48...57: append(.number, try scanner.number())
        case 116: try readWord(&scanner, "true", .yes)
        case 102: try readWord(&scanner, "false", .no)
        case 110: try readWord(&scanner, "null", .null)
        default: throw .unexpectedByte
        }
    }

    private func readWord(
        _ scanner: inout JSONScanner, _ word: StaticString, _ kind: JSONElement.Kind
    ) throws(JSONFault) {
        let start = scanner.position
        try scanner.word(word)
        append(kind, ByteRange(start, scanner.position))
    }

    @inline(__always)
    private func append(_ kind: JSONElement.Kind, _ range: ByteRange, hasEscapes: Bool = false) {
        if count == capacity { grow() }
        nodes[count] = Node(
            start: range.start, count: range.count, next: Int32(truncatingIfNeeded: count + 1), kind: kind,
            hasEscapes: hasEscapes)
        count += 1
    }

    private func grow() {
        let wider = UnsafeMutablePointer<Node>.allocate(capacity: capacity * 2)
        wider.moveInitialize(from: nodes, count: count)
        nodes.deallocate()
        nodes = wider
        capacity *= 2
    }
}

/// One value of a document on a `JSONTape`.
///
/// Names are compared with their bytes as written: a name spelled with escapes is not found, which no client does and
/// which the request's own scan refuses for every member that a policy depends on.
public struct JSONElement: BitwiseCopyable {
    @frozen
    public enum Kind: UInt8, BitwiseCopyable, Sendable { case object, array, string, number, yes, no, null }

    @usableFromInline let nodes: UnsafePointer<JSONTape.Node>
    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline let index: Int32

    @usableFromInline
    init(nodes: UnsafePointer<JSONTape.Node>, base: UnsafeRawPointer, index: Int32) {
        self.nodes = nodes
        self.base = base
        self.index = index
    }

    @inlinable var node: JSONTape.Node { nodes[Int(index)] }

    @inlinable public var kind: Kind { node.kind }
    @inlinable public var isNull: Bool { kind == .null }
    @inlinable public var isObject: Bool { kind == .object }
    @inlinable public var isArray: Bool { kind == .array }

    /// The value as it is written, a string with its quotes.
    @inlinable public var raw: JSONRaw {
        let node = node
        let isString = node.kind == .string
        return JSONRaw(
            UnsafeRawBufferPointer(
                start: base + Int(node.start) - (isString ? 1 : 0), count: Int(node.count) + (isString ? 2 : 0)))
    }

    /// What stands between a string's quotes; `nil` for every other kind.
    @inlinable public var string: JSONString? {
        let node = node
        guard node.kind == .string else { return nil }
        return JSONString(
            UnsafeRawBufferPointer(start: base + Int(node.start), count: Int(node.count)), hasEscapes: node.hasEscapes)
    }

    /// `nil` unless this is `true` or `false`.
    @inlinable public var bool: Bool? {
        switch kind {
        case .yes: true
        case .no: false
        default: nil
        }
    }

    /// An integer of at most 18 digits without fraction or exponent.
    public var integer: Int64? {
        guard kind == .number else { return nil }
        let digits = raw.bytes
        let isNegative = digits[0] == 45
        guard digits.count <= 18 + (isNegative ? 1 : 0) else { return nil }
        var value: Int64 = 0
        for byte in digits[(isNegative ? 1 : 0)...] {
            guard byte >= 48, byte <= 57 else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        return isNegative ? -value : value
    }

    /// The number as it is written; `nil` for every other kind.
    @inlinable public var number: JSONRaw? { kind == .number ? raw : nil }

    /// Whether this is nothing to a reader that asks for truth: `null`, `false`, `0`, `""`, `[]`, `{}`.
    public var isEmpty: Bool {
        switch kind {
        case .null, .no: true
        case .yes: false
        case .string: node.count == 0
        case .number: raw.bytes.allSatisfy { $0 == 48 || $0 == 46 || $0 == 45 }
        case .object, .array: node.next == index + 1
        }
    }

    /// The value of the first member of this name; `nil` when there is none, or when this is no object.
    public subscript(name: StaticString) -> JSONElement? {
        for member in members where member.name.bytes.equals(name) { return member.value }
        return nil
    }

    /// The member that is there and not `null`.
    public func present(_ name: StaticString) -> JSONElement? {
        guard let value = self[name], !value.isNull else { return nil }
        return value
    }

    /// The first value of an array; `nil` when it is empty, or no array.
    public var firstElement: JSONElement? {
        var elements = elements
        return elements.next()
    }

    /// The members of an object; none for other kinds.
    @inlinable public var members: JSONMembers {
        JSONMembers(nodes: nodes, base: base, at: index + 1, end: kind == .object ? node.next : index + 1)
    }

    /// The values of an array; none for other kinds.
    @inlinable public var elements: JSONElements {
        JSONElements(nodes: nodes, base: base, at: index + 1, end: kind == .array ? node.next : index + 1)
    }
}

/// The members of an object in order.
public struct JSONMembers: Sequence, IteratorProtocol {
    @usableFromInline let nodes: UnsafePointer<JSONTape.Node>
    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline var at: Int32
    @usableFromInline let end: Int32

    @usableFromInline
    init(nodes: UnsafePointer<JSONTape.Node>, base: UnsafeRawPointer, at: Int32, end: Int32) {
        self.nodes = nodes
        self.base = base
        self.at = at
        self.end = end
    }

    @inlinable
    public mutating func next() -> (name: JSONString, value: JSONElement)? {
        guard at < end else { return nil }
        let name = nodes[Int(at)]
        let value = JSONElement(nodes: nodes, base: base, index: at + 1)
        at = nodes[Int(at + 1)].next
        let bytes = UnsafeRawBufferPointer(start: base + Int(name.start), count: Int(name.count))
        return (JSONString(bytes, hasEscapes: name.hasEscapes), value)
    }
}

/// The values of an array in order.
public struct JSONElements: Sequence, IteratorProtocol {
    @usableFromInline let nodes: UnsafePointer<JSONTape.Node>
    @usableFromInline let base: UnsafeRawPointer
    @usableFromInline var at: Int32
    @usableFromInline let end: Int32

    @usableFromInline
    init(nodes: UnsafePointer<JSONTape.Node>, base: UnsafeRawPointer, at: Int32, end: Int32) {
        self.nodes = nodes
        self.base = base
        self.at = at
        self.end = end
    }

    @inlinable
    public mutating func next() -> JSONElement? {
        guard at < end else { return nil }
        let element = JSONElement(nodes: nodes, base: base, index: at)
        at = nodes[Int(at)].next
        return element
    }
}
