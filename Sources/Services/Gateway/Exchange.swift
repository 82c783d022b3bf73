// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Policy
internal import Reactor
internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

/// Everything about the request that a client connection is serving: what it asked, what was decided, what it cost.
///
/// One object per client connection, reset between requests: HTTP/1.1 answers one request at a time, so nothing is
/// allocated per request. The steps are in `RequestLifecycle.swift`; this file is the state they share.
/// - Threading: confined to the loop of its connection.
final class Exchange {
    let worker: Worker
    /// The connection that owns this exchange, and so outlives it.
    private var owner: Unmanaged<ClientConnection>?

    var identifier: UInt64 = 0
    var target = RequestTarget.unknown
    /// Wire of the caller, for errors in its own form; OpenAI's where nothing tells.
    var wire: ChatWire {
        if case .inference(let operation) = target { return operation.wire }
        return headers.isGoogles ? .generateContent : headers.hasAnthropicVersion ? .messages : .chatCompletions
    }
    /// The model's name where it is not in the body; percent-decoded.
    var pathModel: [UInt8] = []
    var principal: Principal?
    /// What the head said that later stages need; ranges into the client's buffer.
    var headers = RequestHeaders()
    /// The caller's end-to-end header lines, as every attempt sends them.
    var forwardedLines = Buffer.none
    var facts = RequestFacts()
    var features: RequestFeatures
    /// Stable position of the route's counters in this loop.
    var routeCounters = 0
    var machine: AttemptMachine
    /// Slot 0 is the primary attempt, slot 1 the hedge. Raw memory, because reading one field must not copy and retain
    /// the others.
    let attempts: UnsafeMutablePointer<Attempt>
    var timing = RequestTiming()
    var usage: UsageCounts?
    /// Content events seen, to estimate tokens when no usage arrives.
    var contentEvents = 0
    var outcome: RequestOutcome = .ok
    var answeredStatus: UInt16 = 0
    var bytesOut = 0
    var isInFlight = false
    var hasStarted = false
    /// Whether the stream goes out in chunks; a caller of HTTP/1.0 gets it until the connection closes.
    var sendsChunks = true
    var hasSentErrorEvent = false
    /// We asked for usage, the caller did not: the chunk that carries it is ours alone.
    var dropsUsageChunk = false
    /// `x-isobar-explain` lines with CRLFs, when asked for.
    var explanation: [UInt8] = []
    /// What the caller demands on top of its profile, and the answers to that; `nil` without such a demand.
    var claim: ResidencyClaim?
    var narrowed: NarrowedAdmission?
    /// `x-isobar-refutation` and its like, with CRLFs, of a refusal.
    var refusalLines: [UInt8] = []
    /// The configuration changed and the route is gone: no further attempt.
    var isOrphaned = false
    /// What it holds of budgets; `nil` where none applies, or it is settled.
    var funding: Funding?
    /// It waits for the ledger, not in flight yet.
    var isParked = false
    var parkedUntil: Int64 = .max
    /// Attempts that the audit log knows of.
    var dispatches = 0
    /// The audit log must have what is sent and does not take it: no further attempt.
    var isUnrecorded = false
    /// The end of a relayed answer, where its usage is.
    var relayedTail: [UInt8] = []
    /// The last upstream's own error answer, relayed when nothing else worked.
    var upstreamError = UpstreamErrorAnswer()
    /// What the endpoint's wire cannot say of this request, in the caller's words.
    var unsupported: [String] = []
    /// What is wrong with the request for any other wire than the caller's.
    var translationFault: TranslationFault?
    /// The worker's translator holds this exchange's body for the attempt that is just beginning.
    var isTranslated = false
    /// That body is the caller's own but for the marks of earlier answers.
    var isMarkFree = false
    /// The translation that the caller sees; set at commit.
    var translator: AnswerTranslator?
    /// Set while the machine waits before another attempt or for the moment to hedge.
    var waitUntil: Int64 = .max
    var hedgeAt: Int64 = .max
    /// When a silent stream is given a sign of life.
    var keepAliveAt: Int64 = .max
    /// When a caller that does not read is given up; `Int64.max` while it reads.
    var stallDeadline: Int64 = .max

    init(worker: Worker) {
        self.worker = worker
        features = RequestFeatures(route: RouteID(0))
        attempts = .allocate(capacity: 2)
        attempts.initialize(repeating: Attempt(), count: 2)
        machine = AttemptMachine(retry: RetryPolicy(), hedge: nil, startedAt: .distantPast)
    }

    deinit {
        // A caller that left inside its body never came to `finish`.
        worker.loop.buffers.give(&forwardedLines)
        attempts.deinitialize(count: 2)
        attempts.deallocate()
    }

    func attach(to client: ClientConnection) { owner = .passUnretained(client) }

    var client: ClientConnection {
        guard let owner else { preconditionFailure("an exchange is attached before its first request") }
        return owner.takeUnretainedValue()
    }

    var now: Instant { Instant(nanoseconds: worker.loop.now) }

    /// A new configuration came: ids change, running attempts go on, a request whose route is gone makes no further
    /// ones.
    func translate(_ translation: SnapshotTranslation) {
        guard isInFlight || isParked else { return }
        narrowed = nil
        if let translated = translation.features(features) { features = translated } else { isOrphaned = true }
        machine.translate(translation)
        for slot in 0...1 { attempts[slot].endpoint = attempts[slot].endpoint.flatMap { translation.endpoint($0) } }
    }
}

/// One try at one endpoint. What accounting needs is copied at dispatch, so that a reload in between changes nothing.
struct Attempt {
    /// `nil` once the endpoint has left the configuration.
    var endpoint: EndpointID?
    /// Stable position of the endpoint's counters in this loop.
    var counters = 0
    var prices: TokenPrices?
    var mediaPrices: MediaPrices?
    var idleNanoseconds: Int64 = 0
    var firstByteNanoseconds: Int64 = 0
    var connection: UpstreamConnection?
    var startedAt: Int64 = 0
    /// End of the time for connecting, whatever the number of addresses.
    var connectDeadline: Int64 = .max
    var hasReportedFirstToken = false
    var retryAfter: Int64?
    /// Position in the endpoint's credentials; -1 without one.
    var credential = -1
    /// Which key or token stood there.
    var credentialEdition: UInt64 = 0
    /// When this attempt's current phase has lasted too long; `Int64.max` when it is not running.
    var phaseDeadline: Int64 = .max
    var phase: Phase = .idle
    var headroom: HeadroomHint?
    /// Its number in the audit log; 0 where it is in none.
    var number: UInt8 = 0
    var debt: AuditDebt?

    /// `recording`: its intent is on the way to the disk.
    enum Phase { case idle, recording, connecting, awaitingContent, streaming }

    var isAlive: Bool { phase != .idle }
}

/// What the request line asks for.
enum RequestTarget {
    case inference(Operation)
    case models
    /// The name, a range of the head.
    case model(ByteRange)
    case unknown
}

/// Header values that stages look at, as ranges of the head.
struct RequestHeaders {
    var key = ByteRange.empty
    /// Different ones: which of them counts would be a guess, and a hole where somebody before us guessed otherwise.
    var hasSeveralKeys = false
    var region = ByteRange.empty
    var residency = ByteRange.empty
    var statesResidency = false
    /// Several demands on residency: which one counts would be a guess.
    var hasSeveralResidencies = false
    var language = ByteRange.empty
    var traceparent = ByteRange.empty
    var tracestate = ByteRange.empty
    var contentType = ByteRange.empty
    /// Which of them holds is anybody's guess.
    var hasTwoContentTypes = false
    /// Google's path has the model's name, percent-encoded.
    var pathModel = ByteRange.empty
    /// Google's path says whether the answer streams.
    var streamsByPath = false
    /// Its streams come as one JSON array unless the query asks for events.
    var wantsArray = false
    var hasAnthropicVersion = false
    /// The path, or where the key stands, is one that only Google's clients know.
    var isGoogles = false
    var wantsExplanation = false
    /// The caller's client is already retrying (`x-stainless-retry-count` above 0).
    var isRetry = false

    /// - Parameter key: from one of the places where clients put it; nothing when empty.
    mutating func take(key presented: ByteRange, _ bytes: UnsafeRawBufferPointer) {
        guard !presented.isEmpty else { return }
        guard !key.isEmpty else { return key = presented }
        if !key.slice(bytes).elementsEqual(presented.slice(bytes)) { hasSeveralKeys = true }
    }
}

/// Who is asking, as the later stages need it.
struct Principal {
    /// Stable position of the key's counters in this loop. Not its id: the configuration may change while a body comes,
    /// and then the same id is another's.
    var slot: Int
}

/// How a request ended, a closed set for metrics and the log.
enum RequestOutcome: UInt8, CaseIterable {
    case ok, callerError, unauthenticated, forbidden, notFound, rateLimited, upstreamError, unavailable, deadline,
        truncated, clientGone, overBudget

    var label: StaticString {
        switch self {
        case .ok: "ok"
        case .callerError: "caller_error"
        case .unauthenticated: "unauthenticated"
        case .forbidden: "forbidden"
        case .notFound: "not_found"
        case .rateLimited: "rate_limited"
        case .upstreamError: "upstream_error"
        case .unavailable: "unavailable"
        case .deadline: "deadline"
        case .truncated: "truncated"
        case .clientGone: "client_gone"
        case .overBudget: "over_budget"
        }
    }
}

/// An upstream's error answer kept for the caller: bounded, owned by the exchange.
struct UpstreamErrorAnswer {
    var status: UInt16 = 0
    var body: [UInt8] = []
    var retryAfterSeconds: Int64 = -1

    var isPresent: Bool { status != 0 }
}
