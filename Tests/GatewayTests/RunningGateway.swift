// SPDX-License-Identifier: Apache-2.0
// Isobar

import PlainHTTP
import Policy
import Reactor
import ResourceTypes
import Routing
import TestSupport

@testable import Gateway

/// A gateway of one loop with one route to one endpoint, whose name resolves to whatever a test says.
final class RunningGateway {
    static let key = "a key for tests"
    static let endpointName = "upstream.test"
    private let gateway: Gateway
    var port: UInt16 { gateway.port }

    init(
        addresses: [SocketAddress], timeouts: EndpointTimeouts = EndpointTimeouts(),
        limits: GatewayLimits = GatewayLimits()
    ) throws {
        let configuration = GatewayConfiguration(
            address: .loopback(0), tls: nil, loops: 1, accessLog: nil, limits: limits, seed: 1)
        let published = PublishedConfiguration(
            snapshot: .oneEndpoint(timeouts: timeouts), policy: .unrestricted,
            addresses: ["\(Self.endpointName):80": addresses], tls: [:])
        gateway = try Gateway(configuration, published: published, gauges: EndpointGauges())
    }

    deinit {
        gateway.drain(deadlineNanoseconds: 0) {}
        gateway.join()
    }

    func connect() throws -> TestConnection { try TestConnection(port: port) }

    /// A whole request on a connection of its own.
    func ask() throws -> TestConnection.Answer {
        try connect().ask("POST", "/v1/chat/completions", body: Self.body, fields: Self.authorization)
    }

    static let body = #"{"model":"public","messages":[{"role":"user","content":"Hello."}]}"#
    static let authorization = "Authorization: Bearer \(key)\r\n"
}

/// An HTTP server on a loop of its own that answers every request alike and counts them by path.
final class RunningUpstream: @unchecked Sendable {
    // Proof of @unchecked: `server` and `requests` are used on the loop's thread only once it has started, but for
    // `requests` after `stop`.
    private let loop: EventLoop
    private let server: HTTPServer
    private let thread: LoopThread
    let address: SocketAddress

    init(_ answer: String = #"{"choices":[{"message":{"content":"Hi."}}],"usage":{"prompt_tokens":1}}"#) throws {
        let loop = try EventLoop()
        server = HTTPServer(loop: loop) { _, responder in
            responder.respond(200, contentType: "application/json", body: Array(answer.utf8))
        }
        address = .loopback(try server.listen(on: .loopback(0)))
        self.loop = loop
        thread = try LoopThread(name: "upstream", loop: loop)
    }

    deinit {
        loop.stop()
        thread.join()
    }
}

extension SocketAddress {
    static func loopback(_ port: UInt16) -> SocketAddress { literal("127.0.0.1", port) }

    /// For addresses that tests write themselves.
    static func literal(_ host: String, _ port: UInt16) -> SocketAddress {
        guard let address = SocketAddress(literal: host, port: port) else {
            preconditionFailure("\(host) is not a literal address")
        }
        return address
    }
}

extension RoutingSnapshot {
    /// Public model `public` at the endpoint `upstream.test:80`.
    static func oneEndpoint(
        timeouts: EndpointTimeouts = EndpointTimeouts(), health: HealthCheck? = nil, retry: RetryPolicy = RetryPolicy()
    ) -> RoutingSnapshot {
        let address = UpstreamAddress(
            isTLS: false, host: RunningGateway.endpointName, port: 80, basePath: "/v1", credentials: [],
            certificateAuthorityFile: nil)
        let endpoint = EndpointRecord(
            name: "only", provider: "p", flavor: .generic, region: RegionID(0), gaugeSlot: 0, address: address,
            upstreamModel: Array("upstream".utf8), prices: nil, limits: EndpointLimits(), timeouts: timeouts,
            health: health)
        let tier = TierRecord(name: "default", endpoints: [EndpointID(0)], objective: Objective())
        let route = RouteRecord(
            name: "r", modelNames: ["public"], contextTokensMax: nil, tiers: [tier], retry: retry,
            overflow: OverflowPolicy(), hedge: nil)
        let key = KeyRecord(
            name: "k", tenant: "t", secret: Secret(Array(RunningGateway.key.utf8)), region: nil, routes: nil,
            expiresAtUnixSeconds: nil)
        return RoutingSnapshot(
            version: 1, currency: .usd, regions: [RegionRecord(name: "r", provider: "p", jurisdiction: "IN")],
            endpoints: [endpoint], routes: [route], keys: [key], admission: CompiledPolicy.unrestricted.table,
            roundTripNanoseconds: [0])
    }
}
