// SPDX-License-Identifier: Apache-2.0
// Isobar

import Policy
import Reactor
import ResourceTypes
import Routing
import TestSupport
import Testing

@testable import Gateway

/// A caller that is gone when its answer is written, on one thread, so that nothing else can notice it before.
struct VanishedCallerTests {
    @Test func `a request whose refusal finds the caller gone is recorded once`() throws {
        let stage = try Stage()
        let configuration = GatewayConfiguration(
            address: .loopback(0), tls: nil, loops: 1, accessLog: nil, limits: GatewayLimits(), seed: 1)
        // No address and no second attempt: the request is refused in the iteration in which it came.
        var retry = RetryPolicy()
        retry.attemptsMax = 1
        let published = PublishedConfiguration(
            snapshot: .oneEndpoint(retry: retry), policy: .unrestricted, addresses: [:], tls: [:])
        let worker = Worker(
            index: 0, loop: stage.loop, configuration: configuration, published: published, gauges: EndpointGauges(),
            responseOwners: ResponseOwners(), accessLog: nil, credentials: [:])
        let caller = try TestConnection(port: try worker.listen(on: .loopback(0)))
        caller.write(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: test\r\n\(RunningGateway.authorization)"
                + "Content-Length: \(RunningGateway.body.utf8.count)\r\n\r\n\(RunningGateway.body)")
        caller.reset()
        stage.when { worker.metrics.connectionsAccepted == 1 && worker.connectionCount == 0 }
        try stage.run()
        let counters = worker.metrics.counters
        let requests = counters.routes.map(\.requests) + [counters.unrouted]
        let counts = RequestOutcome.allCases.map { outcome in requests.reduce(0) { $0 + $1[Int(outcome.rawValue)] } }
        #expect(counts.reduce(0, +) == 1, "\(counts)")
        #expect(counts[Int(RequestOutcome.clientGone.rawValue)] == 1)
        #expect(worker.requestsInFlight == 0)
        worker.stopListening()
    }
}
