// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FuzzSupport
internal import WireFormats

// Properties: what is given back lies inside the input and is bracketed by a head's end and a delimiter; a form that is
// accepted is whole, so no beginning of it is; and a reader that takes any line end for one divides it the same way.
//
// The boundary is always `b`: a fuzzer that had to find it twice would find little else.

@main enum FuzzMultipart {
    static func main() { Fuzz.run { data, count in testOneInput(data, count) } }
}

private let boundary: [UInt8] = [98]

private func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: data, count: count))
    // A copy of exactly these bytes, so that the sanitizer sees a read beyond them.
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: input)
    let body = UnsafeRawBufferPointer(copy)
    checkBoundary(body)
    guard let form = scan(body) else { return 0 }
    for range in [form.model, form.language] where !range.isEmpty { checkPlace(range, body) }
    Fuzz.check(!form.model.isEmpty, "an accepted form has a model")
    Fuzz.check(lenientDelimiters(input) == strictDelimiters(input), "every reader finds the same delimiters")
    for cut in Fuzz.cuts(of: input) where cut < count - 2 {
        Fuzz.check(scan(UnsafeRawBufferPointer(rebasing: body[..<cut])) == nil, "the first \(cut) bytes are no form")
    }
    return 0
}

private func scan(_ body: UnsafeRawBufferPointer) -> MultipartForm? {
    boundary.withUnsafeBytes { try? MultipartForm(body, boundary: $0) }
}

private func checkBoundary(_ contentType: UnsafeRawBufferPointer) {
    guard let found = MultipartForm.boundary(of: contentType), let start = found.baseAddress else { return }
    let offset = contentType.baseAddress.map { start - $0 } ?? -1
    Fuzz.check(offset >= 0 && offset + found.count <= contentType.count, "a boundary is inside its header")
    Fuzz.check((1...70).contains(found.count), "a boundary has 1 to 70 bytes")
}

private func checkPlace(_ range: ByteRange, _ body: UnsafeRawBufferPointer) {
    Fuzz.check(range, inside: body.count, "a value")
    let start = Int(range.start)
    Fuzz.check(start >= 4 && Array(body[(start - 4)..<start]) == [13, 10, 13, 10], "a value follows a head")
    Fuzz.check(Array(body[range.end...].prefix(5)) == [13, 10, 45, 45, 98], "a value ends at a delimiter")
}

/// Lines that begin with the boundary, whatever ends the line before.
private func lenientDelimiters(_ input: [UInt8]) -> [Int] {
    input.indices.filter { at in
        input[at...].starts(with: [45, 45, 98]) && (at == 0 || input[at - 1] == 10 || input[at - 1] == 13)
    }
}

/// The same after CRLF only, and only with a line end or two dashes behind.
private func strictDelimiters(_ input: [UInt8]) -> [Int] {
    lenientDelimiters(input).filter { at in
        let isLine = at == 0 || at >= 2 && input[at - 2] == 13 && input[at - 1] == 10
        let rest = input[(at + 3)...]
        return isLine && (rest.starts(with: [13, 10]) || rest.starts(with: [45, 45]))
    }
}
