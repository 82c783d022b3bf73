// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import AuditLog
public import AuditTrail
public import CloudCredentials
public import Identity
internal import PlainHTTP
public import Reactor
internal import ResourceTypes
internal import WireFormats

/// What the admin port needs to know about the process around the gateway.
public struct AdminContext: Sendable {
    public enum State: String, Sendable { case serving, draining }
    public var state: State
    public var configuration: ConfigurationState
    /// Access log blocks lost so far.
    public var logBlocksDropped: Int
    public var credentials: [CredentialStatus]
    /// `nil` without an audit log.
    public var audit: AuditStatus?
    /// `nil` without a store for budgets.
    public var budgets: BudgetsStatus?
    public var issuers: [IssuerStatus]
    public init(
        state: State, configuration: ConfigurationState, logBlocksDropped: Int, credentials: [CredentialStatus],
        audit: AuditStatus? = nil, budgets: BudgetsStatus? = nil, issuers: [IssuerStatus] = []
    ) {
        self.state = state
        self.configuration = configuration
        self.logBlocksDropped = logBlocksDropped
        self.credentials = credentials
        self.audit = audit
        self.budgets = budgets
        self.issuers = issuers
    }
}

/// The configuration's story so far.
public struct ConfigurationState: Sendable {
    public var acceptedTotal: UInt64
    public var rejectedTotal: UInt64
    /// Why the newest configuration was refused; `nil` when it was accepted.
    public var lastError: String?
    public init(acceptedTotal: UInt64, rejectedTotal: UInt64, lastError: String?) {
        self.acceptedTotal = acceptedTotal
        self.rejectedTotal = rejectedTotal
        self.lastError = lastError
    }
}

/// The admin port: life, readiness, metrics, status, explanations, reload. Not for callers; loopback by default. Where roles
/// are bound, everything but life and readiness needs a token of one of them.
///
/// - Threading: confined to its loop, which is not one of the gateway's: a slow scrape never delays a request.
public final class AdminServer {
    private let gateway: Gateway
    private let loop: EventLoop
    private let context: () -> AdminContext
    private let reload: () -> ConfigurationState
    private let audit: AuditRecorder?
    private var strangers = StrangerQuota()
    private let unixSeconds: () -> Int64
    /// Whose tokens are taken; without any, whoever reaches the port may do everything.
    public var tokens = AdminTokens([], issuers: [], keys: IssuerKeys(), seed: 0)
    private var server: HTTPServer?

    /// - Parameters:
    ///   - tls: for a port that others than this host's users reach.
    ///   - audit: where refusals, and reloads by somebody bound to a role, are noted.
    ///   - unixSeconds: the wall clock, for tokens that end.
    ///   - context: state of the process, asked per request.
    ///   - reload: reads the configuration again and says what came of it.
    public init(
        gateway: Gateway, loop: EventLoop, address: SocketAddress, tls: TLSContext? = nil,
        audit: AuditRecorder? = nil, unixSeconds: @escaping () -> Int64, context: @escaping () -> AdminContext,
        reload: @escaping () -> ConfigurationState
    ) throws(ReactorError) {
        self.gateway = gateway
        self.loop = loop
        self.audit = audit
        self.unixSeconds = unixSeconds
        self.context = context
        self.reload = reload
        // The metrics of thousands of endpoints are tens of megabytes, in one answer.
        let limits = HTTPServerLimits(pendingBytesMax: 256 << 20)
        let server = HTTPServer(loop: loop, limits: limits) { [unowned self] request, responder in
            handle(request, responder)
        }
        try server.listen(on: address, tls: tls)
        self.server = server
    }

    public func close() {
        server?.close()
        server = nil
    }

    private func handle(_ request: HTTPServerRequest, _ responder: HTTPResponder) {
        switch (request.method, request.path) {
        case (.get, "/livez"): text(responder, 200, "alive\n")
        case (.get, "/readyz"): readiness(responder)
        case (.get, "/metrics"): authorized(.metrics, request, responder) { _ in metrics(responder) }
        case (.get, "/status"): authorized(.status, request, responder) { status(responder, for: $0) }
        case (.get, "/explain"): authorized(.explain, request, responder) { _ in explain(request, responder) }
        case (.post, "/reload"): authorized(.reload, request, responder) { _ in reloaded(responder) }
        case (_, "/livez"), (_, "/readyz"), (_, "/metrics"), (_, "/status"), (_, "/explain"), (_, "/reload"):
            error(responder, 405, "This path needs another method: POST for /reload, GET for the others.")
        default:
            error(responder, 404, "Known paths: /livez, /readyz, /metrics, /status, /explain?model=NAME, POST /reload.")
        }
    }

    // Life and readiness are for load balancers: they tell nothing, and need no token.
    private func authorized(
        _ action: AdminAction, _ request: HTTPServerRequest, _ responder: HTTPResponder,
        _ body: (AdminPrincipal) -> Void
    ) {
        guard !tokens.isEmpty else { return body(.local) }
        guard let token = request.fields["authorization"].flatMap(Self.bearer) else {
            note(action, by: nil, isAllowed: false)
            return unauthenticated(responder, "Send a token: `Authorization: Bearer TOKEN`.")
        }
        let found: AdminPrincipal?
        do throws(TokenFault) {
            found = try tokens.principal(of: token, at: unixSeconds())
        } catch {
            note(action, by: nil, isAllowed: false)
            // Waiting helps, another token does not.
            if error == .unavailable { return self.error(responder, 503, error.description) }
            return unauthenticated(responder, error.description)
        }
        guard let principal = found else {
            note(action, by: nil, isAllowed: false)
            return unauthenticated(responder, "This token is nobody's, or it has ended.")
        }
        if let reason = AdminVerdict.of(action, by: principal).reason {
            note(action, by: principal, isAllowed: false)
            return error(responder, 403, reason)
        }
        if action == .reload { note(action, by: principal, isAllowed: true) }
        body(principal)
    }

    private func note(_ action: AdminAction, by principal: AdminPrincipal?, isAllowed: Bool) {
        guard principal != nil || strangers.take(at: loop.now) != nil else { return }
        audit?.note(.adminRequest(action: action.rawValue, principal: principal?.name, isAllowed: isAllowed))
    }

    private static func bearer(_ field: String) -> [UInt8]? {
        field.lowercased().hasPrefix("bearer ") ? Array(field.utf8.dropFirst(7)) : nil
    }

    private func unauthenticated(_ responder: HTTPResponder, _ message: String) {
        let body = ErrorBody.openAI(message: message, type: "authentication_error", param: nil, code: nil)
        responder.respond(401, contentType: "application/json", fields: ["www-authenticate": "Bearer"], body: body)
    }

    private func readiness(_ responder: HTTPResponder) {
        switch context().state {
        case .serving: text(responder, 200, "ready\n")
        case .draining: text(responder, 503, "draining\n")
        }
    }

    private func metrics(_ responder: HTTPResponder) {
        let context = context()
        collect { reports in
            responder.respond(200, contentType: "text/plain; version=0.0.4", body: MetricsPage.render(reports, context))
        }
    }

    private func status(_ responder: HTTPResponder, for principal: AdminPrincipal) {
        let context = context()
        collect { reports in
            responder.respond(
                200, contentType: "application/json",
                body: StatusView(principal).of(StatusDocument.make(reports, context)).bytes)
        }
    }

    /// Brings the loops' reports back to this loop.
    private func collect(_ completion: @escaping ([LoopReport]) -> Void) {
        let ticket = Confined(completion)
        gateway.collect { [loop] reports in loop.submit { ticket.value(reports) } }
    }

    private func explain(_ request: HTTPServerRequest, _ responder: HTTPResponder) {
        let query = QueryString(request.query)
        guard let model = query["model"], !model.isEmpty else {
            return error(responder, 400, "Say which model: /explain?model=NAME.")
        }
        var question = ExplainQuestion(model: model, region: query["region"])
        if let tokens = query["prompt_tokens"].flatMap({ Int32($0) }) { question.promptTokens = max(tokens, 0) }
        question.key = query["key"]
        if let tag = query["language"] {
            question.language = LanguageCode(tag)
            guard question.language != nil else {
                return error(responder, 400, "language must be a tag (BCP 47) such as ta or hi-IN.")
            }
        }
        if let name = query["operation"] {
            question.operation = Operation.allCases.first { $0.name == name }
            guard question.operation != nil else {
                let names = Operation.allCases.map(\.name).joined(separator: ", ")
                return error(responder, 400, "operation must be one of \(names).")
            }
        }
        explain(question, responder)
    }

    private func explain(_ question: ExplainQuestion, _ responder: HTTPResponder) {
        let ticket = Confined(responder)
        gateway.explain(question) { [loop] explained in
            loop.submit { Self.answer(ticket.value, explained, model: question.model) }
        }
    }

    private static func answer(_ responder: HTTPResponder, _ explained: Gateway.Explained, model: String) {
        switch explained {
        case .explanation(let explanation):
            responder.respond(200, contentType: "application/json", body: ExplanationDocument.make(explanation).bytes)
        case .unknownModel: error(responder, 404, "No route has the public model name `\(model)`.")
        case .unknownKey: error(responder, 404, "There is no Key of this name.")
        case .needsKey:
            error(responder, 400, "A policy restricts where data goes: say whose request it is, &key=NAME of a Key.")
        }
    }

    private func reloaded(_ responder: HTTPResponder) {
        let state = reload()
        if let problem = state.lastError { return error(responder, 422, problem) }
        text(responder, 200, "accepted\n")
    }

    private func text(_ responder: HTTPResponder, _ status: Int, _ text: String) {
        responder.respond(status, contentType: "text/plain", body: Array(text.utf8))
    }

    private func error(_ responder: HTTPResponder, _ status: Int, _ message: String) {
        Self.error(responder, status, message)
    }

    private static func error(_ responder: HTTPResponder, _ status: Int, _ message: String) {
        let body = ErrorBody.openAI(message: message, type: "invalid_request_error", param: nil, code: nil)
        responder.respond(status, contentType: "application/json", body: body)
    }
}

/// Carries a value of this loop through another thread and back, untouched on the way.
struct Confined<Value>: @unchecked Sendable {
    // Proof of @unchecked: used only to come back to the loop that made it; the other thread never opens it.
    let value: Value
    init(_ value: Value) { self.value = value }
}
