// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc
import TestSupport
import Testing

@testable import Reactor

/// A private authority and a server certificate for `model.test` and 127.0.0.1, made by the `openssl` command in a
/// temporary folder.
final class Certificates {
    private let folder: String
    var authority: String { folder + "/ca.pem" }
    var stranger: String { folder + "/stranger.pem" }
    var certificate: String { folder + "/leaf.pem" }
    var key: String { folder + "/leaf.key" }

    struct Failed: Error { let output: String }

    init() throws {
        var template = Array("/tmp/isobar-tls-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failed(output: "mkdtemp") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let new = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        try run("\(new) -keyout ca.key -out ca.pem -subj /CN=authority")
        try run("\(new) -keyout stranger.key -out stranger.pem -subj /CN=stranger")
        let names = "-addext subjectAltName=DNS:model.test,IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE"
        try run("\(new) -keyout leaf.key -out leaf.pem -subj /CN=leaf -CA ca.pem -CAkey ca.key \(names)")
    }

    deinit {
        for name in ["ca.key", "ca.pem", "stranger.key", "stranger.pem", "leaf.key", "leaf.pem"] {
            unlink("\(folder)/\(name)")
        }
        rmdir(folder)
    }

    private func run(_ command: String) throws {
        guard let pipe = popen("cd \(folder) && \(command) 2>&1", "r") else { throw Failed(output: "popen") }
        var output: [UInt8] = []
        while case let byte = getc(pipe), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
        guard pclose(pipe) == 0 else { throw Failed(output: String(decoding: output, as: UTF8.self)) }
    }
}

@Suite struct TLSTests {
    private let stage: Stage
    private let certificates: Certificates
    private let door: Door

    init() throws {
        stage = try Stage()
        certificates = try Certificates()
        door = try Door(
            stage.loop, tls: TLSContext(certificateFile: certificates.certificate, keyFile: certificates.key))
    }

    private func failure(trusting authority: String?, as name: String) throws -> ConnectFailure? {
        let client = try door.knock(tls: TLSContext(trusting: authority), serverName: name)
        stage.when { client.connectFailure != nil || client.isOpen }
        try stage.run()
        #expect(client.opens == (client.connectFailure == nil ? 1 : 0))
        return client.connectFailure
    }

    @Test(arguments: ["model.test", "127.0.0.1"])
    func `the right authority and name are accepted`(name: String) throws {
        #expect(try failure(trusting: certificates.authority, as: name) == nil)
    }

    @Test(arguments: ["other.test", "127.0.0.2", "test", "a.model.test"])
    func `a certificate without the host's name is refused`(name: String) throws {
        let failure = try failure(trusting: certificates.authority, as: name)
        #expect(failure?.description.hasPrefix("TLS: certificate refused: ") == true)
    }

    @Test func `a certificate of another authority is refused`() throws {
        let failure = try failure(trusting: certificates.stranger, as: "model.test")
        #expect(failure?.description.hasPrefix("TLS: certificate refused: ") == true)
    }

    @Test func `a certificate that the system does not know is refused`() throws {
        #expect(try failure(trusting: nil, as: "model.test") != nil)
    }

    @Test func `a server is told that its caller broke off the handshake`() throws {
        _ = try door.knock(tls: TLSContext(trusting: certificates.stranger), serverName: "model.test")
        stage.when { door.peer?.connectFailure != nil }
        try stage.run()
        #expect(door.peer?.isClosed == true)
        #expect(door.peer?.opens == 0)
    }

    @Test func `a caller that speaks no TLS fails the handshake`() throws {
        let client = try door.knock()
        stage.when({ client.isOpen }) { client.send(Array("GET / HTTP/1.1\r\n\r\n".utf8)) }
        stage.when { door.peer?.connectFailure != nil }
        try stage.run()
    }

    @Test func `data goes both ways, in any amount, and drained comes`() throws {
        let client = try door.knock(tls: TLSContext(trusting: certificates.authority), serverName: "model.test")
        let question = Array("question".utf8)
        let answer = pattern(9 << 20)
        stage.when({ client.isOpen }) { client.send(question) }
        stage.when({ door.peer?.input.count == question.count }) {
            client.isPaused = true
            #expect(door.peer?.queues(answer) == true)
            client.isPaused = false
            client.resumeReading()
        }
        stage.when { client.input.count == answer.count && door.peer?.drains == 1 }
        try stage.run()
        #expect(door.peer?.input == question)
        expectSame(client.input, answer)
        #expect(client.isSecure && door.peer?.isSecure == true)
    }

    @Test func `an orderly close is an end, not a failure`() throws {
        let context = try TLSContext(trusting: certificates.authority)
        let client = try door.knock(tls: context, serverName: "model.test")
        stage.when({ client.isOpen && door.peer?.isOpen == true }) { door.peer?.close() }
        stage.when { client.sawEnd }
        try stage.run()
        #expect(client.receiveFailure == nil)
    }

    @Test func `a queued answer arrives before a lingering close`() throws {
        let client = try door.knock(tls: TLSContext(trusting: certificates.authority), serverName: "model.test")
        let answer = pattern(9 << 20)
        stage.when({ client.isOpen && door.peer?.isOpen == true }) {
            door.peer?.send(answer)
            door.peer?.closeLingering()
        }
        stage.when({ client.sawEnd }) { client.close() }
        stage.when { door.peer?.isRegistered == false }
        try stage.run()
        expectSame(client.input, answer)
    }

    @Test func `files that are missing or do not fit are an error that names them`() {
        #expect { try TLSContext(trusting: "/nonexistent/ca.pem") } throws: { "\($0)".contains("/nonexistent/ca.pem") }
        #expect {
            try TLSContext(certificateFile: certificates.stranger, keyFile: certificates.key)
        } throws: { "\($0)".contains(certificates.key) }
    }
}
