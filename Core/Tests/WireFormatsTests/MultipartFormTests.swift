// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

@testable import WireFormats

/// What the scan makes of a form with the boundary `b`.
private func scan(_ body: some Sequence<UInt8>, boundary: String = "b") -> Result<Fields, MultipartFault> {
    let body = Array(body)
    let boundary = Array(boundary.utf8)
    return body.withUnsafeBytes { body in
        boundary.withUnsafeBytes { boundary in
            do throws(MultipartFault) {
                let form = try MultipartForm(body, boundary: boundary)
                return .success(
                    Fields(
                        model: Parsing.string(form.model, body), language: Parsing.string(form.language, body),
                        isStream: form.isStream))
            } catch { return .failure(error) }
        }
    }
}

private func scan(_ text: String, boundary: String = "b") -> Result<Fields, MultipartFault> {
    scan(text.utf8, boundary: boundary)
}

private struct Fields: Equatable {
    var model = "m"
    var language = ""
    var isStream = false
}

private func field(_ name: String, _ value: String) -> String {
    "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
}

private func file(_ bytes: String = "RIFF\u{0}\u{1}") -> String {
    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n\(bytes)\r\n"
}

private let end = "--b--\r\n"

private func fault(_ result: Result<Fields, MultipartFault>) -> MultipartFault? {
    guard case .failure(let fault) = result else { return nil }
    return fault
}

@Suite struct `A form` {
    @Test func `gives the fields that are acted on, wherever they stand`() {
        let parts = [
            field("model", "m"), file(), field("language", "ta-IN"), field("stream", "True"), field("prompt", "x"),
        ]
        let expected = Result<Fields, MultipartFault>.success(Fields(language: "ta-IN", isStream: true))
        for shift in parts.indices {
            #expect(scan((parts[shift...] + parts[..<shift]).joined() + end) == expected)
        }
        #expect(scan(field("model", "m") + "--b--") == .success(Fields()), "the last line end is optional")
        #expect(scan(field("stream", "false") + field("model", "m") + end) == .success(Fields()))
    }

    /// How clients write heads (read 2026-11): httpx, .NET without quotes and with both names, OkHttp with a length,
    /// Apache with an encoding, browsers and curl with `%22`.
    @Test(arguments: [
        "Content-Disposition: form-data; name=\"model\"", "content-disposition:form-data;name=model",
        "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=model",
        "Content-Disposition: form-data; name=\"model\"\r\nContent-Length: 1",
        "Content-Disposition: form-data; name=\"model\"\r\nContent-Transfer-Encoding: binary",
        "Content-Disposition: FORM-DATA ; NAME = \"model\"".replacing(" = ", with: "="),
        "CONTENT-DISPOSITION:\tform-data;\tname=\"model\";x=\"\"",
    ])
    func `takes a head as clients write it`(head: String) {
        #expect(scan("--b\r\n\(head)\r\n\r\nm\r\n" + end) == .success(Fields()))
    }

    @Test(arguments: [
        "filename=\"மழை.wav\"", "filename=a.wav; filename*=utf-8''a.wav", "filename*=UTF-8''%E0%AE%AE.wav",
        "filename=\"a\\\"b;name=model.wav\"", "filename=\"\"", "FileName=\"C:\\\\a.wav\"",
    ])
    func `takes a file whatever its name`(name: String) {
        let part = "--b\r\nContent-Disposition: form-data; name=\"file\"; \(name)\r\n\r\nRIFF\r\n"
        #expect(scan(part + field("model", "m") + end) == .success(Fields()))
    }

    @Test(arguments: [
        "", "\r", "\n", "\r\n", "\r\n\r\n", "--b", "x--b", "x--b--", "--", "\r\n--", "\r\n-b", "\r\n--c", "\r\n --b",
        "\r\n--B", "name=\"model\"", "Content-Disposition: form-data; name=\"model\"\r\n\r\nother", "\0\u{FF}é",
        String(repeating: "\r\n-", count: 5_000),
    ])
    func `passes over whatever is in a file`(content: String) {
        #expect(scan(file(content.isEmpty ? "" : "x" + content) + field("model", "m") + end) == .success(Fields()))
    }

    @Test func `finds its fields behind a large file`() {
        var state: UInt64 = 7
        let noise = (0..<300_000).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        let head = Array("--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n".utf8)
        // A boundary that noise does not hold.
        let long = "b" + String(repeating: "Z", count: 30)
        let body =
            String(decoding: head, as: UTF8.self).replacing("--b", with: "--\(long)").utf8 + noise
            + Array("\r\n\(field("model", "m"))\(end)".replacing("--b", with: "--\(long)").utf8)
        #expect(scan(body, boundary: long) == .success(Fields()))
    }

    @Test(
        arguments: [
            (field("model", "m") + field("model", "m") + end, .duplicate(.model)),
            (field("model", "m") + field("language", "hi") + field("language", "ta") + end, .duplicate(.language)),
            (file() + end, .missing(.model)), (end, .missing(.model)), (field("model", "") + end, .missing(.model)),
            (field("Model", "m") + end, .missing(.model)),
            (field("model", String(repeating: "m", count: 257)) + end, .tooLong(.model)),
            (field("model", "m") + field("language", String(repeating: "a", count: 65)) + end, .tooLong(.language)),
            (file().replacing("\"file\"", with: "model") + end, .notText(.model)),
            (field("model", "m") + file().replacing("\"file\"", with: "model") + end, .duplicate(.model)),
            (
                "--b\r\nContent-Disposition: form-data; name=model\r\nContent-Transfer-Encoding: base64\r\n\r\nbQ==\r\n"
                    + end,
                .notText(.model)
            ),
        ] as [(String, MultipartFault)])
    func `says which field is wrong`(body: String, expected: MultipartFault) { #expect(fault(scan(body)) == expected) }

    @Test(
        arguments: [
            ("", .delimiter(offset: 0)), ("\r\n" + field("model", "m") + end, .delimiter(offset: 0)),
            ("preamble\r\n" + field("model", "m") + end, .delimiter(offset: 0)),
            (field("model", "m"), .unclosed), (field("model", "m") + "--b", .unclosed), ("--b", .unclosed),
            (field("model", "m") + "--b-", .unclosed), (field("model", "m") + end + "x", .trailing),
            (field("model", "m") + end + "\r\n", .trailing),
            (field("model", "m") + end + field("model", "n"), .trailing),
            (field("model", "m") + "--b--x", .trailing), (field("model", "m") + "--b--\n", .trailing),
            (field("model", "m") + "--b \r\n", .delimiter(offset: 59)),
            (field("model", "m") + "--bb\r\n" + end, .delimiter(offset: 59)),
            (String(repeating: field("x", ""), count: 65) + field("model", "m") + end, .tooManyParts),
        ] as [(String, MultipartFault)])
    func `that is not one is refused`(body: String, expected: MultipartFault) { #expect(fault(scan(body)) == expected) }

    /// What one reader takes for the end of a part, and another does not.
    @Test(arguments: [
        "\n--b", "\r--b", "\n--b--", "\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nn", "\r\n--bx",
    ])
    func `with a line that another reader takes for a boundary is refused`(line: String) {
        guard case .delimiter = fault(scan(file("x" + line) + field("model", "m") + end)) else {
            return #expect(Bool(false), "\(scan(file("x" + line) + field("model", "m") + end))")
        }
        let empty = "--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n--b\r\n"
        guard case .delimiter = fault(scan(empty + field("model", "m") + end)) else {
            return #expect(Bool(false), "a boundary in place of the empty line's own end")
        }
    }

    @Test(arguments: [
        #"Content-Disposition: form-data; name="model"\#r\#n--b*: x"#,
        "", "Content-Type: text/plain", "Content-Disposition: form-data", "Content-Disposition: form-data; name=",
        "Content-Disposition: form-data; name=\"model", "Content-Disposition: form-data; name=\"mod\\el\"",
        "Content-Disposition: form-data; name=\"x\"; name=\"model\"", "Content-Disposition: attachment; name=\"model\"",
        "Content-Disposition: form-data; name*=utf-8''model",
        "Content-Disposition: form-data; name=\"x\"; name*=utf-8''model",
        "Content-Disposition: form-data, name=\"model\"", "Content-Disposition: form-data name=\"model\"",
        "Content-Disposition: form-data; name=\"x\"\r\nContent-Disposition: form-data; name=\"model\"",
        "Content-Disposition: form-data;\r\n name=\"model\"", "Content-Disposition : form-data; name=\"model\"",
        "Content-Disposition: form-data; name=\"model\"\nX: y", "Content-Disposition: form-data; name=\"mo\rdel\"",
        "Content-Disposition: form-data; name=\"mo\0del\"", ": x", "no colon",
        "Content-Disposition: form-data; name=\"model\"; filename=a; filename=b",
        "Content-Disposition: form-data; name=\"model\"; filename*=a; filename*=b",
        "Content-Disposition: form-data; name=\"model\";", "Content-Disposition: form-data; ; name=\"model\"",
        "Content-Disposition: form-data; name=mödel", "Content-Disposition: ; name=model",
    ])
    func `with a head that can be read in two ways is refused`(head: String) {
        guard case .partHead = fault(scan("--b\r\n\(head)\r\n\r\nm\r\n" + end)) else {
            return #expect(Bool(false), "\(head): \(scan("--b\r\n\(head)\r\n\r\nm\r\n" + end))")
        }
    }

    @Test func `has heads of bounded size and number of lines`() {
        func part(_ lines: String) -> String {
            "--b\r\n\(lines)Content-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n" + end
        }
        // With the other lines, the name of this one and the line ends 53 bytes.
        let padding = String(repeating: "p", count: 4096 - 53)
        #expect(scan(part("X: \(padding)\r\n")) == .success(Fields()))
        #expect(fault(scan(part("X: \(padding)p\r\n"))) == .partHeadTooLarge(offset: 5))
        #expect(fault(scan(part(String(repeating: "X: y\r\n", count: 600)))) == .partHead(offset: 5))
        #expect(scan(part(String(repeating: "X: y\r\n", count: 15))) == .success(Fields()))
        #expect(fault(scan(part(String(repeating: "X: y\r\n", count: 16)))) == .partHead(offset: 5))
    }

    @Test func `cut anywhere is refused`() {
        let whole = Array((field("model", "m") + file() + field("language", "hi") + "--b--").utf8)
        #expect(scan(whole) == .success(Fields(language: "hi")))
        for count in 0..<whole.count { #expect(fault(scan(whole.prefix(count))) != nil, "first \(count) bytes") }
    }

    @Test func `explains every fault, and blames a field where it can`() {
        let offsets: [MultipartFault] = [
            .contentType, .delimiter(offset: 1), .unclosed, .trailing, .partHead(offset: 1),
            .partHeadTooLarge(offset: 1), .tooManyParts,
        ]
        for fault in offsets { #expect(!fault.explanation.isEmpty && fault.parameter == nil) }
        for field in FormField.allCases {
            for fault in [MultipartFault.missing(field), .duplicate(field), .notText(field), .tooLong(field)] {
                #expect(fault.explanation.contains("`\(field.name)`"))
                #expect(fault.parameter.map { "\($0)" } == "\(field.name)")
            }
        }
    }
}

@Suite struct `A form's boundary` {
    private func boundary(_ contentType: String) -> String? {
        Array(contentType.utf8).withUnsafeBytes { bytes in
            MultipartForm.boundary(of: bytes).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test(arguments: [
        ("multipart/form-data; boundary=abc", "abc"), ("Multipart/Form-Data;BOUNDARY=abc", "abc"),
        ("multipart/form-data; boundary=\"a b:c\"", "a b:c"),
        ("multipart/form-data; charset=utf-8; boundary=abc", "abc"),
        ("multipart/form-data; boundary=abc; charset=utf-8", "abc"), ("multipart/form-data ;\tboundary=abc \t", "abc"),
        ("multipart/form-data; x=\"; boundary=evil\"; boundary=abc", "abc"),
        ("multipart/form-data; boundary=\"'()+_,-./:=?\"", "'()+_,-./:=?"),
        ("multipart/form-data; boundary=" + String(repeating: "z", count: 70), String(repeating: "z", count: 70)),
    ])
    func `is read`(contentType: String, expected: String) { #expect(boundary(contentType) == expected) }

    @Test(arguments: [
        "", "multipart/form-data", "multipart/form-data;", "multipart/form-data; boundary",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=\"a",
        "multipart/form-data; boundary=a; boundary=a",
        "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=\"a\\b\"",
        "multipart/form-data; boundary=a b",
        "multipart/form-data; boundary=a, boundary=b", "multipart/form-data; boundary=\"a;b\"",
        "multipart/form-dataX; boundary=a",
        "multipart/mixed; boundary=a",
        "multipart/form-data boundary=a", "application/json; boundary=a", "multipart/form-data; boundary=\"ä\"",
        "multipart/form-data; boundary=\"a\"b", "multipart/; boundary=a", "; boundary=a",
        "multipart/form-data; =a; boundary=a",
        "multipart/form-data; boundary=" + String(repeating: "z", count: 71), "multipart/form-data; boundary=a;",
        "multipart/form-data; boundary=\"a\u{1}\"",
    ])
    func `is not made up`(contentType: String) { #expect(boundary(contentType) == nil, "\(contentType)") }
}
