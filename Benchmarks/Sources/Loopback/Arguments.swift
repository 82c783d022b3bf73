// SPDX-License-Identifier: Apache-2.0
// Isobar

// `--name value` options. The programs have no dependency, so this stands in for an argument parser.

/// Options given on the command line, taken one by one; what is left over at the end is an error.
public struct Arguments {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
        public init(_ description: String) { self.description = description }
    }

    private var values: [String: String] = [:]

    /// - Parameter flags: names that take no value.
    public init(_ words: some Sequence<String>, flags: Set<String>) throws(Failure) {
        var words = words.makeIterator()
        while let word = words.next() {
            guard word.hasPrefix("--") else { throw Failure("\(word): options begin with --") }
            let name = String(word.dropFirst(2))
            guard let value = flags.contains(name) ? "" : words.next() else { throw Failure("\(word) needs a value") }
            values[name] = value
        }
    }

    public mutating func flag(_ name: String) -> Bool { values.removeValue(forKey: name) != nil }

    public mutating func text(_ name: String) -> String? { values.removeValue(forKey: name) }

    public mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(Failure) -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Failure("--\(name) \(text): an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    public mutating func seconds(_ name: String) throws(Failure) -> Int64? {
        guard let text = text(name) else { return nil }
        guard let number = Double(text), number >= 0, number <= 3600 else {
            throw Failure("--\(name) \(text): seconds from 0 to 3600")
        }
        return Int64(number * 1e9)
    }

    public mutating func ports(_ name: String) throws(Failure) -> [UInt16]? {
        guard let text = text(name) else { return nil }
        var ports: [UInt16] = []
        for part in text.split(separator: ",") {
            guard let port = UInt16(part), port > 0 else { throw Failure("--\(name) \(part): a port from 1 to 65535") }
            ports.append(port)
        }
        return ports
    }

    /// Call last.
    public func rejectUnknown() throws(Failure) {
        if let name = values.keys.sorted().first { throw Failure("--\(name): no such option") }
    }
}
