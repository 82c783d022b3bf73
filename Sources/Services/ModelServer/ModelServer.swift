// SPDX-License-Identifier: Apache-2.0
// Isobar

// The reference model server: vLLM's OpenAI API and metric names over the timing model of Core/Simulation, in real
// time. It answers with made-up words at the pace a real accelerator would, the same for the same seed, and misbehaves
// on request. Tests, demonstrations and benchmarks use it where no real model can run.

internal import Glibc
internal import PlainHTTP
public import Reactor
internal import Simulation
internal import WireFormats

/// One model server on one loop.
///
/// - Threading: confined to its loop: make it on the loop's thread.
/// - Limits: the configuration's queue and KV cache, 16 MiB per request body, 4,096 connections.
public final class ModelServer {
    private let configuration: ModelServerConfiguration
    private let loop: EventLoop
    private let engine: GenerationEngine
    private let recorder = ModelServerRecorder()
    private var faults: FaultControl
    private var server: HTTPServer?
    private var requestNumber: UInt64 = 0
    /// Responders of black-holed requests: somebody must hold the silence until the client gives up.
    private var silenced: [ObjectIdentifier: HTTPResponder] = [:]

    /// The port bound, also when 0 was configured.
    public private(set) var port: UInt16 = 0

    /// Listens at once.
    public init(configuration: ModelServerConfiguration, loop: EventLoop) throws(ModelServerStartFailure) {
        if let problem = configuration.problem { throw ModelServerStartFailure(description: problem) }
        guard let address = SocketAddress(literal: configuration.host, port: configuration.port) else {
            throw ModelServerStartFailure(
                description: "host `\(configuration.host)` is not a literal IPv4 or IPv6 address")
        }
        self.configuration = configuration
        self.loop = loop
        faults = FaultControl(seed: configuration.seed)
        do {
            engine = try GenerationEngine(model: Self.model(configuration), speed: configuration.speed, loop: loop)
            let server = HTTPServer(loop: loop) { [weak self] request, responder in self?.handle(request, responder) }
            port = try server.listen(on: address)
            self.server = server
        } catch {
            throw ModelServerStartFailure(
                description: "cannot listen on \(configuration.host):\(configuration.port): \(error)")
        }
    }

    private static func model(_ configuration: ModelServerConfiguration) -> ModelServerModel {
        var profile = configuration.profile
        profile.kvBlocks = configuration.kvBlocks ?? profile.kvBlocks
        let limits = ModelServerLimits(
            queueMax: configuration.queueMax, contextTokensMax: configuration.contextTokensMax)
        return ModelServerModel(profile: profile, limits: limits, seed: configuration.seed)
    }

    /// Stops accepting; answers in progress go on to their end.
    public func drain() { server?.drain() }

    /// Connections still open; 0 after a drain has ended.
    public var connectionCount: Int { server?.connectionCount ?? 0 }

    /// Breaks every connection and stops.
    public func close() {
        server?.close()
        engine.stop()
    }
}

// MARK: - Paths

extension ModelServer {
    private func handle(_ request: HTTPServerRequest, _ responder: HTTPResponder) {
        do throws(APIError) {
            switch request.path {
            case "/v1/chat/completions": try generate(.chat, request, responder)
            case "/v1/completions": try generate(.completions, request, responder)
            case "/v1/embeddings": try embed(request, responder)
            case "/tokenize", "/detokenize": try convert(request, responder)
            case "/faults": try setFaults(request, responder)
            default: try answerReadOnly(request, responder)
            }
        } catch {
            error.send(to: responder)
        }
    }

    private func answerReadOnly(_ request: HTTPServerRequest, _ responder: HTTPResponder) throws(APIError) {
        let modelPath = "/v1/models/" + configuration.modelName
        let answer: (type: String?, body: [UInt8])
        switch request.path {
        case "/health", "/ping": answer = (nil, [])
        case "/version": answer = ("application/json", JSONValue.object([("version", .string("isobar"))]).bytes)
        case "/v1/models": answer = ("application/json", modelList.bytes)
        case modelPath: answer = ("application/json", modelCard.bytes)
        case "/metrics":
            let page = MetricsPage.render(modelName: configuration.modelName, model: engine.metrics, recorder: recorder)
            answer = ("text/plain; version=0.0.4; charset=utf-8", page)
        case let path where path.hasPrefix("/v1/models/"):
            throw .modelNotFound(String(path.dropFirst("/v1/models/".count)))
        default: throw .notFound(request.path)
        }
        guard request.method == .get || request.method == .head else { throw .methodNotAllowed(allowed: "GET") }
        responder.respond(200, contentType: answer.type, body: answer.body)
    }

    private var modelCard: JSONValue {
        .object([
            ("id", .string(configuration.modelName)), ("object", .string("model")),
            ("created", .integer(Int(unixSeconds))),
            ("owned_by", .string("isobar")), ("root", .string(configuration.modelName)), ("parent", .null),
            ("max_model_len", .integer(engine.contextTokensMax)),
        ])
    }

    private var modelList: JSONValue { .object([("object", .string("list")), ("data", .array([modelCard]))]) }

    private func setFaults(_ request: HTTPServerRequest, _ responder: HTTPResponder) throws(APIError) {
        switch request.method {
        case .get: break
        case .put: faults.set(try FaultJSON.decode(try parse(request.body)))
        case .delete: faults.set(.none)
        default: throw .methodNotAllowed(allowed: "GET, PUT, DELETE")
        }
        responder.respond(200, contentType: "application/json", body: faults.json.bytes)
    }

    private var unixSeconds: Int64 { Int64(time(nil)) }
}

// MARK: - Inference

extension ModelServer {
    private func generate(
        _ endpoint: GenerationRequest.Endpoint, _ request: HTTPServerRequest, _ responder: HTTPResponder
    ) throws(APIError) {
        let body = try inferenceBody(request)
        let contents =
            try endpoint == .chat ? [PromptReading.chat(body)] : PromptReading.texts(body, member: "prompt")
        let prompts = contents.map { ReadPrompt($0, salt: configuration.seed) }
        let generation = try GenerationRequest(endpoint: endpoint, body: body, prompts: prompts)
        let answers = try plan(generation)
        let fault = faults.next()
        if play(fault, on: responder) { return }
        let delivery = AnswerDelivery(
            answers: answers, request: generation, renderer: nextRenderer(endpoint), fault: fault, engine: engine,
            recorder: recorder,
            responder: responder, loop: loop)
        try delivery.begin(prompts: prompts.map(\.tokenized))
    }

    private func embed(_ request: HTTPServerRequest, _ responder: HTTPResponder) throws(APIError) {
        let body = try inferenceBody(request)
        let inputs = try PromptReading.texts(body, member: "input").map {
            ReadPrompt($0, salt: configuration.seed).tokenized
        }
        let delivery = try EmbeddingDelivery(
            body, inputs: inputs, modelName: configuration.modelName, engine: engine, responder: responder)
        if play(faults.next(), on: responder) { return }
        try delivery.begin()
    }

    /// Text to tokens and back. No model runs, so no fault is played.
    private func convert(_ request: HTTPServerRequest, _ responder: HTTPResponder) throws(APIError) {
        let body = try inferenceBody(request, needsModel: false)
        let answer =
            try request.path == "/tokenize"
            ? Tokenization.tokenize(body, contextTokensMax: engine.contextTokensMax) : Tokenization.detokenize(body)
        responder.respond(200, contentType: "application/json", body: answer.bytes)
    }

    private func inferenceBody(_ request: HTTPServerRequest, needsModel: Bool = true) throws(APIError) -> JSONValue {
        guard request.method == .post else { throw .methodNotAllowed(allowed: "POST") }
        let body = try parse(request.body)
        guard body.members != nil else { throw .badRequest("the body must be a JSON object") }
        guard let model = try body.optionalString("model") else {
            if !needsModel { return body }
            throw .badRequest("`model` is missing", parameter: "model")
        }
        guard model == configuration.modelName else { throw .modelNotFound(model) }
        return body
    }

    private func parse(_ bytes: [UInt8]) throws(APIError) -> JSONValue {
        do { return try JSONValue(parsing: bytes) } catch { throw .badRequest("the body is not valid JSON: \(error)") }
    }

    /// Every choice of every prompt, in the order of the answer's indices.
    private func plan(_ request: GenerationRequest) throws(APIError) -> [PlannedAnswer] {
        var answers: [PlannedAnswer] = []
        for prompt in request.prompts {
            let tokens = prompt.tokenized.tokens
            let room = engine.contextTokensMax - tokens
            guard room >= 1, request.outputTokensMax ?? 1 <= room else {
                throw .contextExceeded(
                    tokensMax: engine.contextTokensMax, prompt: tokens, output: request.outputTokensMax ?? 1)
            }
            let echo = request.echoes ? EchoedPrompt(prompt) : nil
            for choice in 0..<request.choices {
                let seed = prompt.tokenized.contentHash &+ request.seed &* 0x9E37_79B9 &+ UInt64(choice)
                let tokensMax = request.outputTokensMax ?? room
                answers.append(PlannedAnswer(request, echo: echo, seed: seed, outputTokensMax: tokensMax))
            }
        }
        return answers
    }

    private func nextRenderer(_ endpoint: GenerationRequest.Endpoint) -> AnswerRenderer {
        requestNumber += 1
        var generator = SeededGenerator(seed: configuration.seed &+ requestNumber, label: "answer id")
        let id = (endpoint == .chat ? "chatcmpl-" : "cmpl-") + String(generator.next(), radix: 16)
        return AnswerRenderer(
            endpoint: endpoint, id: id, model: configuration.modelName, createdUnixSeconds: unixSeconds)
    }

    /// Faults that take the place of the whole answer.
    /// - Returns: whether there is nothing more to do.
    private func play(_ fault: FaultAction?, on responder: HTTPResponder) -> Bool {
        switch fault {
        case .status(let status, let retryAfter):
            let error = APIError.injected(status)
            let fields = retryAfter.map { RetryAfterHeader.fields($0, nowUnixSeconds: unixSeconds) } ?? [:]
            responder.respond(status, contentType: "application/json", fields: fields, body: error.body)
        case .wrongContentType:
            let page = "<!DOCTYPE html><title>Sign in</title><p>Please sign in to the network."
            responder.respond(200, contentType: "text/html; charset=utf-8", body: Array(page.utf8))
        case .blackHole:
            let key = ObjectIdentifier(responder)
            silenced[key] = responder
            responder.clientGone = { [weak self] in self?.silenced[key] = nil }
        default: return false
        }
        return true
    }
}

/// A retry hint as the header it is sent in.
enum RetryAfterHeader {
    static func fields(_ form: RetryAfterForm, nowUnixSeconds: Int64) -> HTTPFields {
        [String(describing: form.headerName): value(form, nowUnixSeconds: nowUnixSeconds)]
    }

    private static func value(_ form: RetryAfterForm, nowUnixSeconds: Int64) -> String {
        switch form {
        case .seconds(let seconds): String(seconds)
        case .fractionalSeconds(let milliseconds): String(Double(milliseconds) / 1_000)
        case .httpDate(let seconds): HTTPDate.format(unixSeconds: nowUnixSeconds + Int64(seconds))
        case .retryAfterMilliseconds(let milliseconds), .xMsRetryAfterMilliseconds(let milliseconds):
            String(milliseconds)
        }
    }
}
