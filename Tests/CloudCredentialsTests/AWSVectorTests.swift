// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import ResourceTypes
import Testing
import WireFormats

@testable import CloudCredentials

/// The signing test suite of awslabs/aws-c-auth (Apache-2.0), header form: canonical request, string to sign and
/// signature, byte by byte.
@Suite(.enabled(if: Vectors.areThere("aws-sigv4/v4"))) struct AWSVectorTests {
    private static let folder = "aws-sigv4/v4"

    /// Paths that the signer would have to normalise first: empty segments, `.` and `..`. We never send one.
    private static let unnormalised: Set<String> = [
        "get-relative-normalized", "get-relative-relative-normalized", "get-slash-dot-slash-normalized",
        "get-slash-normalized", "get-slash-pointless-dot-normalized", "get-slashes-normalized",
    ]

    static let cases = Vectors.names(in: folder).filter { !unnormalised.contains($0) }

    @Test func `nothing is missing`() {
        #expect(Self.cases.count == 32)
    }

    @Test(arguments: cases) func `every stage is as published`(_ name: String) throws {
        let context = try JSONValue(parsing: bytes(name, "context.json"))
        let request = try #require(WrittenRequest(bytes(name, "request.txt")))
        let key = try #require(context["credentials"])
        // A token that is added after signing is not signed.
        let omitsToken = context["omit_session_token"]?.boolValue ?? false
        let credential = AWSCredential.example(token: omitsToken ? nil : key["token"]?.stringValue)
        #expect(key["access_key_id"]?.stringValue == credential.accessKeyID)
        let signer = AWSSigner(
            credential: credential, region: context["region"]?.stringValue ?? "",
            service: context["service"]?.stringValue ?? "")
        let lines = signer.lines(
            method: request.method, host: request.host, path: request.path, query: request.query, body: request.body,
            headers: request.headers + hashHeader(context, request), at: exampleTime)
        expect(signer.canonical.output.text, name, "header-canonical-request.txt")
        expect(signer.stringToSign.text, name, "header-string-to-sign.txt")
        let signature = String(decoding: bytes(name, "header-signature.txt"), as: UTF8.self)
        #expect(lines.hasSuffix("Signature=\(signature)\r\n"))
    }

    /// What the suite calls signing the body: its hash in a field, which is signed.
    private func hashHeader(_ context: JSONValue, _ request: WrittenRequest) -> [(name: String, value: String)] {
        guard context["sign_body"]?.boolValue == true else { return [] }
        var hexadecimal = ByteScratch()
        hexadecimal.append(hexadecimal: Array(request.body.utf8).withUnsafeBytes { SHA256.hash($0) })
        return [("x-amz-content-sha256", hexadecimal.text)]
    }

    private func bytes(_ name: String, _ file: String) -> [UInt8] { Vectors.bytes("\(Self.folder)/\(name)/\(file)") }

    private func expect(_ found: String, _ name: String, _ file: String) {
        #expect(found == String(decoding: bytes(name, file), as: UTF8.self), "\(file)")
    }
}

/// A request as the suite writes it: lines with LF, a blank line, the body.
private struct WrittenRequest {
    var method: String
    var host: String
    var path: String
    var query: String
    /// All but the host.
    var headers: [(name: String, value: String)] = []
    var body: String

    init?(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.firstRange(of: "\n\n").map { (text[..<$0.lowerBound], text[$0.upperBound...]) }
        var lines = (parts?.0 ?? text[...]).split(separator: "\n")
        body = String(parts?.1 ?? "")
        guard !lines.isEmpty else { return nil }
        let line = lines.removeFirst()
        guard let first = line.firstIndex(of: " "), let last = line.lastIndex(of: " ") else { return nil }
        method = String(line[..<first])
        let target = line[line.index(after: first)..<last]
        let question = target.firstIndex(of: "?") ?? target.endIndex
        path = String(target[..<question])
        query = String(target[question...].dropFirst())
        host = ""
        for line in lines { add(line) }
    }

    /// A line that begins with a space continues the one before (obsolete folding).
    private mutating func add(_ line: Substring) {
        if line.first == " ", !headers.isEmpty {
            headers[headers.count - 1].value += line
        } else if let colon = line.firstIndex(of: ":") {
            let (name, value) = (String(line[..<colon]), String(line[line.index(after: colon)...]))
            if name.lowercased() == "host" { host = value } else { headers.append((name, value)) }
        }
    }
}
