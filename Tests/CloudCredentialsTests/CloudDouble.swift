// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc
import Logging
import PlainHTTP
import Reactor
import ResourceTypes
import TestSupport
import Testing
import WireFormats

@testable import CloudCredentials

/// What a service that issues credentials is to be asked, and what it then answers.
///
/// A question is compared whole: method, path, query, every field but those of HTTP itself, and the body.
struct Question {
    var method: String
    var path: String
    var query = ""
    var fields: [String: String] = [:]
    var body = ""
    /// Looks at what cannot be known beforehand, e.g. a signature; the fields it names are not compared.
    var inspected: [String] = []
    var inspect: ((HTTPServerRequest) -> Void)?

    var status = 200
    var answer = ""
    var answerFields: HTTPFields = [:]

    func answering(_ answer: String) -> Question { answering(200, answer) }

    func answering(_ status: Int, _ answer: String, fields: HTTPFields = [:]) -> Question {
        var copy = self
        copy.status = status
        copy.answer = answer
        copy.answerFields = fields
        return copy
    }

    /// A form of these pairs in this order.
    static func form(_ path: String, _ pairs: KeyValuePairs<String, String>, accept: String = "application/json")
        -> Question
    {
        Question(
            method: "POST", path: path,
            fields: ["content-type": "application/x-www-form-urlencoded", "accept": accept],
            body: pairs.map { "\($0)=\($1.percentEncoded)" }.joined(separator: "&"))
    }

    func check(_ request: HTTPServerRequest) {
        #expect("\(request.method)".uppercased() == method)
        #expect(request.path == path)
        #expect(request.query == query)
        let ofHTTP = ["host", "connection", "content-length"] + inspected
        let found = request.fields.entries.map { ($0.name.lowercased(), $0.value) }.filter { !ofHTTP.contains($0.0) }
        #expect(Dictionary(found) { first, _ in first } == fields)
        if inspect == nil || !body.isEmpty { #expect(String(decoding: request.body, as: UTF8.self) == body) }
        inspect?(request)
    }
}

/// A loop with such a service, on the test's own thread: it expects certain questions in a certain order, nothing else.
final class CloudDouble {
    private let stage: Stage
    var loop: EventLoop { stage.loop }
    private let server: HTTPServer
    let port: UInt16
    private(set) var script: [Question] = []
    /// Published so far; `nil` for a withdrawal.
    private(set) var published: [(id: CredentialID, credential: CloudCredential?)] = []
    private(set) var asked = 0
    /// `nil`: the literal address.
    var hostExpected: String?

    init(tls: TLSContext? = nil) throws {
        isTLS = tls != nil
        stage = try Stage()
        final class Link { weak var target: CloudDouble? }
        let link = Link()
        server = HTTPServer(loop: stage.loop) { request, responder in link.target?.receive(request, responder) }
        port = try server.listen(on: try #require(SocketAddress(literal: "127.0.0.1", port: 0)), tls: tls)
        link.target = self
    }

    deinit { server.close() }

    private let isTLS: Bool
    var url: String { "http\(isTLS ? "s" : "")://127.0.0.1:\(port)" }

    func expect(_ questions: Question...) { script += questions }

    private func receive(_ request: HTTPServerRequest, _ responder: HTTPResponder) {
        asked += 1
        guard !script.isEmpty else {
            Issue.record("an unexpected \(request.method) \(request.path)")
            return responder.respond(500)
        }
        let question = script.removeFirst()
        question.check(request)
        #expect(request.fields["host"] == hostExpected ?? "127.0.0.1:\(port)")
        responder.respond(
            question.status, contentType: "application/json", fields: question.answerFields,
            body: Array(question.answer.utf8))
    }

    func keeper(variables: [String: String] = [:], trusting authority: String? = nil) throws -> CredentialKeeper {
        try CredentialKeeper(
            loop: loop, tls: TLSContext(trusting: authority), variables: variables, unixSeconds: { exampleTime },
            log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        ) { [weak self] id, credential in self?.published.append((id, credential)) }
    }

    /// As `Stage` does.
    func when(_ condition: @escaping () -> Bool, _ action: @escaping () -> Void = {}) { stage.when(condition, action) }

    /// As `Stage` does. Once.
    func run(sourceLocation: SourceLocation = #_sourceLocation) throws {
        try stage.run(sourceLocation: sourceLocation)
    }
}

/// What a source gave.
struct Outcome {
    var credential: CloudCredential?
    var error: String?
    /// Seconds until it expires.
    var life: Int?
    /// Questions that were expected and not asked.
    var unasked: Int

    var headerLines: String? {
        guard case .headerLines(let lines) = credential else { return nil }
        return lines.text
    }

    var key: AWSCredential? {
        guard case .aws(let key) = credential else { return nil }
        return key
    }
}

extension CloudDouble {
    /// Lets a keeper get one credential. Once.
    func obtain(
        _ identity: CloudIdentity, secrets: [SecretReference: String] = [:], variables: [String: String] = [:]
    ) throws -> Outcome {
        let keeper = try keeper(variables: variables)
        let id = CredentialID(1)
        let read = secrets.mapValues { Secret(Array($0.utf8)) }
        keeper.follow([id: CredentialSource(identity: identity, secrets: read)])
        when { keeper.statuses.first.map { $0.isHeld || $0.lastError != nil } ?? false }
        try run()
        let status = keeper.statuses.first
        keeper.stop()
        return Outcome(
            credential: published.last?.credential, error: status?.lastError,
            life: status?.expiresIn.map { Int($0.seconds.rounded()) },
            unasked: script.count)
    }
}

extension Secret {
    var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}

/// A folder that lives as long as the value.
final class TemporaryFolder {
    let path: String

    struct Failed: Error { let output: String }

    init() throws {
        var template = Array("/tmp/isobar-credentials-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failed(output: "mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in written { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    private var written: Set<String> = []

    /// - Returns: the file's path.
    @discardableResult func write(_ name: String, _ text: String) throws -> String {
        written.insert(name)
        guard let file = fopen("\(path)/\(name)", "wb") else { throw Failed(output: "fopen") }
        defer { fclose(file) }
        let bytes = Array(text.utf8)
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Failed(output: "fwrite") }
        return "\(path)/\(name)"
    }

    /// What a command prints, run in the folder; `makes` names the files to remove afterwards.
    @discardableResult func run(_ command: String, makes names: String...) throws -> String {
        written.formUnion(names)
        guard let pipe = popen("cd \(path) && \(command) 2>&1", "r") else { throw Failed(output: "popen") }
        var output: [UInt8] = []
        while case let byte = getc(pipe), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
        let text = String(decoding: output, as: UTF8.self)
        guard pclose(pipe) == 0 else { throw Failed(output: text) }
        return text
    }
}
