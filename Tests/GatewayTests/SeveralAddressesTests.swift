// SPDX-License-Identifier: Apache-2.0
// Isobar

import PlainHTTP
import Policy
import Reactor
import ResourceTypes
import Routing
import TestSupport
import Testing

@testable import Gateway

/// One endpoint whose name has several addresses, of which not all answer: the caller must not notice.
struct SeveralAddressesTests {
    @Test(arguments: 1...3)
    func `addresses that refuse are left for the next ones within the same attempt`(dead: Int) throws {
        let upstream = try RunningUpstream()
        let ports = try (0..<dead).map { _ in try UnansweredPort(.refuses) }
        let gateway = try RunningGateway(addresses: ports.map { .loopback($0.port) } + [upstream.address])
        for _ in 0..<3 {
            let answer = try gateway.ask()
            #expect(answer.status == 200, "\(answer.body)")
            #expect(answer.head.contains("x-isobar-attempts: 1\r\n"))
        }
    }

    @Test func `an address that the system knows no way to is left at once`() throws {
        let upstream = try RunningUpstream()
        // Link-local without an interface: the system refuses to even try.
        let gateway = try RunningGateway(addresses: [.literal("fe80::1", 80), upstream.address])
        #expect(try gateway.ask().status == 200)
    }

    @Test func `an address that takes connections nowhere is left before the connect timeout is over`() throws {
        let upstream = try RunningUpstream()
        let port = try UnansweredPort(.ignores)
        let gateway = try RunningGateway(
            addresses: [.loopback(port.port), upstream.address],
            timeouts: EndpointTimeouts(connect: .milliseconds(600)))
        let answer = try gateway.ask()
        #expect(answer.status == 200, "\(answer.body)")
        #expect(answer.head.contains("x-isobar-attempts: 1\r\n"))
    }

    @Test func `when no address answers the request fails within the connect timeout, and says so`() throws {
        let ports = try [UnansweredPort.Manner.ignores, .refuses, .ignores].map { try UnansweredPort($0) }
        let gateway = try RunningGateway(
            addresses: ports.map { .loopback($0.port) }, timeouts: EndpointTimeouts(connect: .milliseconds(300)))
        let answer = try gateway.ask()
        #expect([502, 503, 504].contains(answer.status), "\(answer.body)")
    }

    @Test func `a name without any address fails at once`() throws {
        let answer = try RunningGateway(addresses: []).ask()
        #expect([502, 503].contains(answer.status), "\(answer.body)")
    }

    // MARK: Probes

    @Test func `a probe goes on to the next address, and follows the name when it moves`() throws {
        let first = try RunningUpstream()
        let second = try RunningUpstream()
        let dead = try UnansweredPort(.refuses)
        let results = try Self.probe([.loopback(dead.port), first.address], count: 4) { prober, number in
            switch number {
            case 1: prober.update(addresses: [Self.name: [.loopback(dead.port)]])
            case 2: prober.update(addresses: ["other.test:80": [second.address]])
            default: prober.update(addresses: [Self.name: [second.address]])
            }
        }
        #expect(results == [true, false, false, true])
    }

    @Test func `a name that did not resolve is down until it does`() throws {
        let upstream = try RunningUpstream()
        let results = try Self.probe(nil, count: 2) { prober, _ in
            prober.update(addresses: [Self.name: [upstream.address]])
        }
        #expect(results == [false, true])
    }

    private static let name = "\(RunningGateway.endpointName):80"
    private static let patienceNanoseconds: Int64 = 10_000_000_000

    /// Whether the endpoint was found up, probe by probe, on a loop that this thread runs.
    /// - Parameters:
    ///   - addresses: of the endpoint's name at first.
    ///   - after: called with the number of probes so far after each but the last.
    private static func probe(
        _ addresses: [SocketAddress]?, count: Int, after: @escaping (HealthProber, Int) -> Void
    ) throws -> [Bool] {
        var check = HealthCheck(path: "/health", loadPath: nil)
        check.interval = .milliseconds(100)
        let loop = try EventLoop()
        let results = Results()
        let prober = HealthProber(loop: loop) { result, _ in results.isUp.append(result.isUp) }
        prober.follow(
            PublishedConfiguration(
                snapshot: .oneEndpoint(health: check), policy: .unrestricted,
                addresses: addresses.map { [name: $0] } ?? [:], tls: [:]))
        loop.endOfIteration = {
            guard results.isUp.count > results.seen else { return }
            results.seen = results.isUp.count
            if results.seen == count { loop.stop() } else { after(prober, results.seen) }
        }
        let guardian = try LoopTimer(loop: loop, at: loop.now + patienceNanoseconds) { loop.stop() }
        loop.run()
        guardian.cancel()
        prober.stop()
        return results.isUp
    }

    private final class Results {
        var isUp: [Bool] = []
        var seen = 0
    }
}
