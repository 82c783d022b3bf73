// SPDX-License-Identifier: Apache-2.0
// Isobar

import TestSupport
import Testing

@testable import Gateway

/// Callers that are slow with their body, with limits short enough to run into.
struct SlowBodyTests {
    private static let second: Int64 = 1_000_000_000

    private static func limits(idleMilliseconds: Int64) -> GatewayLimits {
        var limits = GatewayLimits()
        limits.bodyIdleNanoseconds = idleMilliseconds * 1_000_000
        return limits
    }

    @Test(arguments: ["Content-Length: 200\r\n", "Transfer-Encoding: chunked\r\n"])
    func `a caller that stops in the middle of its body gets 408 and the end of its connection`(framing: String) throws
    {
        let gateway = try RunningGateway(addresses: [], limits: Self.limits(idleMilliseconds: 100))
        let caller = try gateway.connect()
        caller.write(Self.head(framing) + (framing.hasPrefix("T") ? "10\r\n{\"model\"" : "{\"model\""))
        let answer = try caller.readAnswer()
        #expect(answer.status == 408)
        #expect(answer.body.contains("request_timeout"))
        #expect(caller.readToEnd().isEmpty)
    }

    @Test(arguments: ["Content-Length: 100000\r\n", "Transfer-Encoding: chunked\r\n"])
    func `a caller that trickles below the minimum rate is ended although it is never silent`(framing: String) throws {
        let gateway = try RunningGateway(addresses: [], limits: Self.limits(idleMilliseconds: 300))
        let caller = try gateway.connect()
        let clock = ContinuousClock()
        let began = clock.now
        caller.write(Self.head(framing))
        // A byte a hundredth of a second: far from the idle limit, far below 4 KiB/s.
        while !caller.hasInput(withinMilliseconds: 10) {
            caller.write(framing.hasPrefix("T") ? "1\r\n \r\n" : " ")
            guard clock.now - began < .seconds(8) else { break }
        }
        #expect(clock.now - began >= .milliseconds(300))
        #expect(try caller.readAnswer().status == 408)
    }

    @Test func `a request whose body came in pieces is served`() throws {
        let upstream = try RunningUpstream()
        let gateway = try RunningGateway(addresses: [upstream.address])
        let caller = try gateway.connect()
        caller.write(Self.head("Transfer-Encoding: chunked\r\n"))
        for byte in RunningGateway.body.utf8 { caller.write("1\r\n\(Character(Unicode.Scalar(byte)))\r\n") }
        caller.write("0\r\n\r\n")
        #expect(try caller.readAnswer().status == 200)
    }

    private static func head(_ framing: String) -> String {
        "POST /v1/chat/completions HTTP/1.1\r\nHost: test\r\n\(RunningGateway.authorization)\(framing)\r\n"
    }

    // MARK: The pace alone

    private let pace = BodyPace(beganAt: 1_000 * second, limits: GatewayLimits())

    @Test func `without a byte the idle limit holds`() {
        #expect(pace.deadline(bytes: 0, now: 1_000 * Self.second) == 1_030 * Self.second)
    }

    @Test func `silence may last as long as the idle limit, however much has come`() {
        #expect(pace.deadline(bytes: 1 << 30, now: 1_500 * Self.second) == 1_530 * Self.second)
    }

    @Test func `bytes at exactly the minimum rate never run into the second bound`() {
        for seconds in 0..<100 {
            let now = (1_000 + Int64(seconds)) * Self.second
            #expect(pace.deadline(bytes: seconds * 4_096, now: now) == now + 30 * Self.second)
        }
    }

    @Test func `a trickle earns next to nothing`() {
        // A byte a second for 29 seconds: 29 bytes earn 7 ms.
        let deadline = pace.deadline(bytes: 29, now: 1_029 * Self.second)
        #expect(deadline == 1_030 * Self.second + 29 * Self.second / 4_096)
    }
}
