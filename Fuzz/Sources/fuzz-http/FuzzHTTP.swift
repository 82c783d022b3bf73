// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FuzzSupport
internal import WireFormats

// Properties: ranges lie inside the head and in order; a head that is incomplete, complete or refused is never anything
// else with more or fewer bytes; a chunked body decodes the same however it arrives.

@main enum FuzzHTTP {
    static func main() { Fuzz.run { data, count in testOneInput(data, count) } }
}

private func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    checkHead(bytes) { HTTPParser.requestHead($0, fields: $1, limits: $2).summary }
    checkHead(bytes) { HTTPParser.responseHead($0, fields: $1, limits: $2).summary }
    checkChunks(bytes)
    return 0
}

/// A verdict that can be compared.
private enum Summary: Equatable {
    case incomplete
    case fault(HTTPFault)
    case complete(fieldCount: Int, headBytes: Int, ranges: [ByteRange])

    var isIncomplete: Bool { self == .incomplete }
}

extension HeadParse<RequestHead> {
    fileprivate var summary: Summary {
        switch self {
        case .incomplete: .incomplete
        case .fault(let fault): .fault(fault)
        case .complete(let head):
            .complete(
                fieldCount: head.fieldCount, headBytes: head.headBytes, ranges: [head.target, head.path, head.query])
        }
    }
}

extension HeadParse<ResponseHead> {
    fileprivate var summary: Summary {
        switch self {
        case .incomplete: .incomplete
        case .fault(let fault): .fault(fault)
        case .complete(let head): .complete(fieldCount: head.fieldCount, headBytes: head.headBytes, ranges: [])
        }
    }
}

private typealias Parse = (UnsafeRawBufferPointer, UnsafeMutableBufferPointer<HeaderField>, HTTPLimits) -> Summary

/// Small, so that inputs reach them. The head's own limit is above the longest input: it alone may turn "incomplete"
/// into another fault later.
private let limits = HTTPLimits(targetBytesMax: 64, headBytesMax: 1 << 20, fieldsMax: 8)

private func checkHead(_ bytes: [UInt8], _ parse: Parse) {
    let whole = summary(bytes[...], parse)
    if whole.isIncomplete {
        for cut in Fuzz.cuts(of: bytes) {
            Fuzz.check(summary(bytes[..<cut], parse).isIncomplete, "less than incomplete is incomplete")
        }
        return
    }
    for cut in Fuzz.cuts(of: bytes) {
        let early = summary(bytes[..<cut], parse)
        Fuzz.check(early.isIncomplete || early == whole, "\(early) after \(cut) bytes becomes \(whole)")
    }
}

private func summary(_ bytes: ArraySlice<UInt8>, _ parse: Parse) -> Summary {
    withUnsafeTemporaryAllocation(of: HeaderField.self, capacity: limits.fieldsMax) { fields in
        fields.initialize(repeating: HeaderField())
        let found = Fuzz.withCopy(of: bytes) { parse($0, fields, limits) }
        if case .complete(let fieldCount, let headBytes, let ranges) = found {
            Fuzz.check(headBytes <= bytes.count && fieldCount <= limits.fieldsMax, "the head is inside the bytes")
            for range in ranges { Fuzz.check(range, inside: headBytes, "target") }
            checkFields(fields[..<fieldCount], headBytes)
        }
        return found
    }
}

private func checkFields(_ fields: Slice<UnsafeMutableBufferPointer<HeaderField>>, _ headBytes: Int) {
    var end = 0
    for field in fields {
        Fuzz.check(field.line, inside: headBytes, "line")
        Fuzz.check(Int(field.line.start) >= end, "lines are in order")
        end = field.line.end
        Fuzz.check(field.name.start == field.line.start && !field.name.isEmpty, "a line begins with its name")
        Fuzz.check(
            field.value.start > field.name.end && field.value.end <= end - 2,
            "the value is behind the colon, before the line's end")
    }
    Fuzz.check(end <= headBytes - 2, "an empty line ends the head")
}

// MARK: Chunks

private struct Decoded: Equatable {
    var body: [UInt8] = []
    var outcome = ""
    var used = 0
}

private func checkChunks(_ bytes: [UInt8]) {
    let whole = decode([bytes[...]])
    for cut in Fuzz.cuts(of: bytes) {
        Fuzz.check(decode([bytes[..<cut], bytes[cut...]]) == whole, "chunks split at \(cut) decode the same")
    }
    Fuzz.check(decode(bytes.indices.map { bytes[$0...$0] }) == whole, "chunks decode the same byte by byte")
}

private func decode(_ pieces: [ArraySlice<UInt8>]) -> Decoded {
    var decoder = ChunkedDecoder()
    var decoded = Decoded()
    for piece in pieces where decoded.outcome.isEmpty {
        piece.withUnsafeBytes { raw in
            var offset = 0
            var needsMore = false
            while !needsMore, decoded.outcome.isEmpty {
                let before = offset
                switch decoder.next(raw, from: &offset) {
                case .data(let range):
                    Fuzz.check(range, inside: raw.count, "data")
                    decoded.body += range.slice(raw)
                case .needMore: needsMore = true
                case .end: decoded.outcome = "end"
                case .fault(let fault): decoded.outcome = "\(fault)"
                }
                Fuzz.check(offset >= before && offset <= raw.count, "the offset moves forward inside the bytes")
                decoded.used += offset - before
            }
        }
    }
    return decoded
}
