// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import Reactor
public import ResourceTypes
public import Routing
internal import WireFormats

/// Header lines that prove who we are, for one call to one endpoint: complete, without CRLFs.
///
/// The one place where a call gets its credential. A static key is a line of the snapshot; a signature or a token is made
/// for the call.
public typealias Authorization = @Sendable (EndpointRecord, ProbeCall) -> Result<[Secret], AuthorizationFailure>

/// Why there is nothing to prove ourselves with, for people.
public struct AuthorizationFailure: Error, Sendable {
    public var reason: String
    public init(reason: String) { self.reason = reason }
}

/// What a check of one endpoint and model found.
public struct CheckResult: Sendable {
    public var name: String
    public var provider: String
    /// What was asked; `nil` when nothing was.
    public var wire: ProbeWire?
    public var host: String
    public var diagnosis: Diagnosis
    /// `nil` without an answer.
    public var status: UInt16?
    public var firstByteSeconds: Double?
    public var totalSeconds: Double
    /// As the endpoint calls it in its answer.
    public var model: String?
}

/// One tiny real call to one endpoint. Blocks its thread: names resolve, and the answer comes.
struct EndpointCheck {
    let record: EndpointRecord
    let tls: Result<TLSContext, TLSError>?
    let limits: ExaminationLimits
    let authorize: Authorization

    /// Enough for the answer of any of these calls.
    private static let bodyBytesMax = 4 << 20
    /// Addresses of a name that are tried one after the other.
    private static let addressesMax = 4

    func run() -> CheckResult {
        guard let call = ProbeCall(record) else {
            return result(
                nil, Diagnosis(.notChecked, "not asked: making an image costs money, and there is no cheaper call"))
        }
        var seen = observe(call)
        if let other = secondTry(seen), let again = ProbeCall(record, bound: other) { seen = observe(again) }
        return result(seen, Diagnosis.of(seen, slowSeconds: limits.slowSeconds))
    }

    /// A model that knows the bound of answers by its other name only says so.
    private func secondTry(_ seen: Observation) -> ProbeCall.BoundName? {
        guard seen.subject.wire == .chatCompletions, case .answered(let facts) = seen.ending,
            facts.status == 400 || facts.status == 422
        else { return nil }
        let first = ProbeCall.bound(record.flavor)
        return facts.says(first.rawValue) && !facts.says("output limit was reached") ? first.other : nil
    }

    private func result(_ seen: Observation?, _ diagnosis: Diagnosis) -> CheckResult {
        var status: UInt16?
        var model: String?
        if case .answered(let facts) = seen?.ending { (status, model) = (facts.status, facts.model) }
        return CheckResult(
            name: record.name, provider: record.provider, wire: seen?.subject.wire, host: record.address.host,
            diagnosis: diagnosis, status: status, firstByteSeconds: seen?.firstByteSeconds,
            totalSeconds: seen?.totalSeconds ?? 0, model: model)
    }

    // MARK: The call

    private func observe(_ call: ProbeCall) -> Observation {
        let lines: [Secret]
        switch authorize(record, call) {
        case .success(let found): lines = found
        case .failure(let failure):
            return Observation(subject: subject(call, nil), ending: .noCredential(failure.reason))
        }
        let subject = subject(call, lines.first)
        var context: TLSContext?
        switch tls {
        case .success(let shared): context = shared
        case .failure(let error): return Observation(subject: subject, ending: .tls(error.description))
        case nil: break
        }
        let addresses: [SocketAddress]
        switch Resolver.addresses(of: record.address.host, port: record.address.port) {
        case .success(let found): addresses = found
        case .failure(let error): return Observation(subject: subject, ending: .unresolved(error.reason))
        }
        return exchange(call, subject, lines, addresses, context)
    }

    /// Tries the addresses of a name in order until one takes the connection.
    private func exchange(
        _ call: ProbeCall, _ subject: Observation.Subject, _ lines: [Secret], _ addresses: [SocketAddress],
        _ context: TLSContext?
    ) -> Observation {
        var last = Observation(subject: subject, ending: .unresolved("no address"))
        for address in addresses.prefix(Self.addressesMax) {
            let server = HTTPClient.Server(address: address, tls: context, name: record.address.host)
            last = exchange(request(call, lines), subject, lines, server)
            switch last.ending {
            case .unconnected, .timedOut(.connecting): continue
            default: return last
            }
        }
        return last
    }

    private func exchange(
        _ request: HTTPClientRequest, _ subject: Observation.Subject, _ lines: [Secret], _ server: HTTPClient.Server
    ) -> Observation {
        let timeline = HTTPClientTimeline()
        guard let loop = try? EventLoop() else {
            return Observation(subject: subject, ending: .unreadable("this process is out of descriptors"))
        }
        var outcome: Result<HTTPClientResponse, HTTPClientFailure>?
        HTTPClient.fetch(
            request, from: server, loop: loop, timeoutNanoseconds: limits.timeout.nanoseconds,
            connectNanoseconds: limits.connect.nanoseconds, bodyBytesMax: Self.bodyBytesMax, timeline: timeline
        ) { result in
            outcome = result
            loop.stop()
        }
        if outcome == nil { loop.run() }
        var seen = Observation(subject: subject, ending: ending(outcome, timeline, subject, lines))
        if let opened = timeline.openedAt, let first = timeline.firstByteAt {
            seen.firstByteSeconds = Double(first - opened) / 1e9
        }
        seen.totalSeconds = Double(loop.now - timeline.startedAt) / 1e9
        return seen
    }

    private func ending(
        _ outcome: Result<HTTPClientResponse, HTTPClientFailure>?, _ timeline: HTTPClientTimeline,
        _ subject: Observation.Subject, _ lines: [Secret]
    ) -> Observation.Ending {
        switch outcome {
        case .success(let answer):
            return .answered(
                AnswerFacts.read(
                    status: answer.status, header: { answer.fields[$0] }, body: answer.body, wire: subject.wire,
                    words: SafeText(hiding: lines)))
        case .failure(.connect(.refused(let number))): return .unconnected(number)
        case .failure(.connect(.tls(let reason))): return .tls(reason)
        case .failure(.system(let error)): return .unconnected(error.number)
        case .failure(.timedOut), nil: return .timedOut(Observation.Phase(timeline.step))
        case .failure(.truncated): return .cut(hadBegun: timeline.firstByteAt != nil)
        case .failure(.malformed(let fault)): return .unreadable("\(fault.explanation)")
        case .failure(.tooLarge(let bytesMax)): return .unreadable("the answer is larger than \(bytesMax) bytes")
        }
    }

    // MARK: The request

    private func request(_ call: ProbeCall, _ secrets: [Secret]) -> HTTPClientRequest {
        var lines = Array(call.headerLines.utf8)
        for secret in secrets { secret.withBytes { lines += $0 + [13, 10] } }
        return HTTPClientRequest(
            "POST", call.path, host: Self.hostField(record.address),
            fields: ["content-type": call.contentType, "accept": "*/*", "user-agent": "isobar-doctor"], lines: lines,
            body: call.body)
    }

    /// As the gateway writes it: without the port that the scheme implies.
    static func hostField(_ address: UpstreamAddress) -> String {
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        return address.port == (address.isTLS ? 443 : 80) ? host : "\(host):\(address.port)"
    }

    private func subject(_ call: ProbeCall, _ line: Secret?) -> Observation.Subject {
        Observation.Subject(
            flavor: record.flavor, wire: call.wire, host: record.address.host, port: record.address.port,
            isTLS: record.address.isTLS, path: call.path,
            model: String(decoding: record.upstreamModel, as: UTF8.self), credential: .init(line: line))
    }
}

extension Observation.Phase {
    init(_ step: HTTPClientTimeline.Step) {
        switch step {
        case .connecting: self = .connecting
        case .securing: self = .securing
        case .waiting: self = .waiting
        case .receiving: self = .receiving
        }
    }
}
