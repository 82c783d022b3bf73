// SPDX-License-Identifier: Apache-2.0
// Isobar

import Access
import Logging
import PlainHTTP
import Reactor
import ResourceTypes
import Synchronization
import Testing

@testable import Identity

/// An issuer on this machine that can be told to fail.
private final class IssuerDouble: @unchecked Sendable {
    // Proof of @unchecked: `server` is used on the loop's thread only; the rest is immutable or a lock.
    let url: String
    let isDown = Mutex(false)
    private let loop: EventLoop
    private let thread: LoopThread
    private let server: HTTPServer

    static let keys = #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#

    init() throws {
        loop = try EventLoop()
        final class Link: Sendable { let target = Mutex<(@Sendable (HTTPServerRequest, HTTPResponder) -> Void)?>(nil) }
        let link = Link()
        server = HTTPServer(loop: loop) { request, responder in link.target.withLock { $0 }?(request, responder) }
        let port = try server.listen(on: #require(SocketAddress(literal: "127.0.0.1", port: 0)))
        url = "http://127.0.0.1:\(port)"
        let document = #"{"issuer":"\#(url)","jwks_uri":"\#(url)/keys"}"#
        thread = try LoopThread(name: "issuer", loop: loop)
        link.target.withLock {
            $0 = { [weak self] request, responder in
                guard let self, !isDown.withLock({ $0 }) else { return responder.respond(500) }
                responder.respond(200, body: Array((request.path == "/keys" ? Self.keys : document).utf8))
            }
        }
    }

    func close() {
        loop.submit { self.server.close() }
        loop.stop()
        thread.join()
    }
}

@Suite("The keys of issuers are kept")
struct IssuerKeeperTests {
    private static let now: Int64 = 1_000

    private func issuer(_ url: String, audiences: [String] = ["a"]) -> TokenIssuer {
        TokenIssuer(
            name: "corp", issuer: url, audiences: audiences, algorithms: ["EdDSA"], lifetimeMax: .seconds(3_600),
            keysAgeMax: .seconds(300))
    }

    private func fault(_ keys: IssuerKeys, _ url: String, at second: Int64 = now) -> TokenFault? {
        let parsed = Array("eyJhbGciOiJFZERTQSJ9.e30.c2ln".utf8).withUnsafeBytes { try? SignedToken(parsing: $0) }
        guard let token = parsed else { return .malformed("it is a good one") }
        do throws(TokenFault) {
            _ = try keys.find(token, of: url, at: second)
            return nil
        } catch { return error }
    }

    private func follow(_ keeper: IssuerKeeper, _ sources: IssuerSource...) async {
        await withCheckedContinuation { done in keeper.follow(sources) { done.resume() } }
    }

    private func kept(_ test: (IssuerDouble, IssuerKeys, IssuerKeeper) async throws -> Void) async throws {
        let (double, keys) = (try IssuerDouble(), IssuerKeys())
        let keeper = try IssuerKeeper(keys: keys, unixSeconds: { Self.now }, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        defer {
            keeper.stop()
            double.close()
        }
        try await test(double, keys, keeper)
    }

    @Test("they are relied on for as long as is said, to the second, and not beyond")
    func age() async throws {
        try await kept { double, keys, keeper in
            #expect(fault(keys, double.url) == .unavailable)
            await follow(keeper, IssuerSource(issuer(double.url), keys: nil))
            #expect(fault(keys, double.url, at: 1_299) == nil)
            #expect(fault(keys, double.url, at: 1_300) == .unavailable)
            #expect(keeper.statuses.map(\.keyCount) == [1] && keeper.statuses[0].reliedOnUntil == 1_300)
        }
    }

    @Test("a change of the issuer's document keeps its keys, though it does not answer; another issuer begins with none")
    func change() async throws {
        try await kept { double, keys, keeper in
            await follow(keeper, IssuerSource(issuer(double.url), keys: nil))
            double.isDown.withLock { $0 = true }
            await follow(keeper, IssuerSource(issuer(double.url, audiences: ["b"]), keys: nil))
            #expect(fault(keys, double.url) == nil)
            #expect(keeper.statuses.map(\.reliedOnUntil) == [1_300])
            // The same name, but not the same issuer: the old one's keys must not speak for it.
            let other = double.url + "/other"
            await follow(keeper, IssuerSource(issuer(other), keys: nil))
            for url in [double.url, other] { #expect(fault(keys, url) == .unavailable) }
            #expect(keeper.statuses[0].lastError?.contains("answered 500") == true && keeper.statuses[0].keyCount == 0)
        }
    }

    @Test("keys of a file hold without end, and go with the file")
    func file() async throws {
        try await kept { double, keys, keeper in
            double.isDown.withLock { $0 = true }
            let given = try JSONWebKeySet(parsing: Array(IssuerDouble.keys.utf8))
            await follow(keeper, IssuerSource(issuer(double.url), keys: given))
            #expect(fault(keys, double.url, at: .max - 1) == nil)
            await follow(keeper, IssuerSource(issuer(double.url), keys: nil))
            #expect(fault(keys, double.url) == .unavailable)
        }
    }
}
