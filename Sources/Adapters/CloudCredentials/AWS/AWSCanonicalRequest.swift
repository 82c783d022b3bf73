// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The one spelling of a request that both sides hash (AWS Signature Version 4, "canonical request").
///
/// Paths are taken as they go over the wire and encoded once more, which is what every service but S3 does. They are
/// not normalised: a path with empty or dot segments is never sent by us, and would be refused by the service.
/// - Cost: memory is kept from request to request; none is allocated once it has grown to the largest.
struct AWSCanonicalRequest: ~Copyable {
    /// Valid after `finish`.
    private(set) var output = ByteScratch()
    /// Where in `output` the list of signed headers stands: `content-type;host;x-amz-date`.
    private var signedHeaders = 0..<0

    /// Names and values by their place in `arena`.
    private struct Pair {
        var name: Range<Int>
        var value: Range<Int>
    }
    private var arena = ByteScratch()
    private var pairs: [Pair] = []

    private static let newline = UInt8(ascii: "\n")
    private static let slash = UInt8(ascii: "/")

    var bytes: UnsafeRawBufferPointer { output.bytes }
    var signedHeaderNames: UnsafeRawBufferPointer { output.slice(signedHeaders) }

    // MARK: Request line

    mutating func begin(method: String, path: UnsafeRawBufferPointer, query: UnsafeRawBufferPointer) {
        output.clear()
        clear()
        output.append(method)
        output.append(Self.newline)
        if path.isEmpty { output.append(Self.slash) }
        for byte in path {
            if byte == Self.slash { output.append(byte) } else { output.append(percentEncoded: byte) }
        }
        output.append(Self.newline)
        add(query: query)
        output.append(Self.newline)
    }

    /// Parameters by encoded name, then encoded value. On the wire they may be encoded in any way or not at all.
    private mutating func add(query: UnsafeRawBufferPointer) {
        var start = 0
        while start < query.count {
            let end = query[start...].firstIndex(of: UInt8(ascii: "&")) ?? query.count
            if end > start { add(parameter: UnsafeRawBufferPointer(rebasing: query[start..<end])) }
            start = end + 1
        }
        sort(byValue: true)
        for (index, pair) in pairs.enumerated() {
            if index > 0 { output.append(UInt8(ascii: "&")) }
            output.append(arena.slice(pair.name))
            output.append(UInt8(ascii: "="))
            output.append(arena.slice(pair.value))
        }
        clear()
    }

    private mutating func add(parameter: UnsafeRawBufferPointer) {
        let equals = parameter.firstIndex(of: UInt8(ascii: "=")) ?? parameter.count
        let name = encode(UnsafeRawBufferPointer(rebasing: parameter[..<equals]))
        let value = encode(UnsafeRawBufferPointer(rebasing: parameter[min(equals + 1, parameter.count)...]))
        pairs.append(Pair(name: name, value: value))
    }

    private mutating func encode(_ text: UnsafeRawBufferPointer) -> Range<Int> {
        let start = arena.count
        var index = 0
        while index < text.count {
            if let byte = text.percentDecodedByte(at: index) {
                arena.append(percentEncoded: byte)
                index += 3
            } else {
                arena.append(percentEncoded: text[index])
                index += 1
            }
        }
        return start..<arena.count
    }

    // MARK: Headers

    mutating func add(header name: String, value: UnsafeRawBufferPointer) {
        let start = arena.count
        for byte in name.utf8 { arena.append(byte >= 65 && byte <= 90 ? byte | 0x20 : byte) }
        let middle = arena.count
        appendTrimmed(value)
        pairs.append(Pair(name: start..<middle, value: middle..<arena.count))
    }

    mutating func add(header name: String, value: String) {
        var value = value
        value.withUTF8 { add(header: name, value: UnsafeRawBufferPointer($0)) }
    }

    /// Words with one space between them.
    private mutating func appendTrimmed(_ value: UnsafeRawBufferPointer) {
        func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
        let start = arena.count
        var index = 0
        while let word = value[index...].firstIndex(where: { !isSpace($0) }) {
            if arena.count > start { arena.append(32) }
            index = value[word...].firstIndex(where: isSpace) ?? value.count
            arena.append(UnsafeRawBufferPointer(rebasing: value[word..<index]))
        }
    }

    // MARK: The end

    mutating func finish(bodyHash: SHA256.Digest) {
        sort(byValue: false)
        for index in pairs.indices {
            if isRepeated(index) {
                output.append(UInt8(ascii: ","))
            } else {
                if index > 0 { output.append(Self.newline) }
                output.append(arena.slice(pairs[index].name))
                output.append(UInt8(ascii: ":"))
            }
            output.append(arena.slice(pairs[index].value))
        }
        output.append(Self.newline)
        output.append(Self.newline)
        addSignedHeaders()
        output.append(Self.newline)
        output.append(hexadecimal: bodyHash)
        clear()
    }

    private mutating func addSignedHeaders() {
        let start = output.count
        for index in pairs.indices where !isRepeated(index) {
            if index > 0 { output.append(UInt8(ascii: ";")) }
            output.append(arena.slice(pairs[index].name))
        }
        signedHeaders = start..<output.count
    }

    /// Whether the header before has the same name.
    private func isRepeated(_ index: Int) -> Bool {
        index > 0 && compare(pairs[index - 1].name, pairs[index].name) == 0
    }

    // MARK: Pieces

    private mutating func clear() {
        arena.clear()
        pairs.removeAll(keepingCapacity: true)
    }

    /// By name; parameters of one name by value, headers of one name in their order.
    ///
    /// By insertion, in place: there are few pairs, and most come in order.
    private mutating func sort(byValue: Bool) {
        guard pairs.count > 1 else { return }
        for index in 1..<pairs.count {
            var at = index
            while at > 0, isBefore(pairs[at], pairs[at - 1], byValue: byValue) {
                pairs.swapAt(at, at - 1)
                at -= 1
            }
        }
    }

    private func isBefore(_ a: Pair, _ b: Pair, byValue: Bool) -> Bool {
        let order = compare(a.name, b.name)
        return order == 0 && byValue ? compare(a.value, b.value) < 0 : order < 0
    }

    /// Negative, zero or positive, as `memcmp`; of two with a common beginning the shorter comes first.
    private func compare(_ a: Range<Int>, _ b: Range<Int>) -> Int {
        let bytes = arena.bytes
        for offset in 0..<min(a.count, b.count) {
            let difference = Int(bytes[a.lowerBound + offset]) - Int(bytes[b.lowerBound + offset])
            if difference != 0 { return difference }
        }
        return a.count - b.count
    }
}
