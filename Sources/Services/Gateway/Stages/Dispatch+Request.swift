// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import ResourceTypes
internal import Routing
internal import Translation
internal import WireFormats

/// The request of an attempt: in the endpoint's words, with the endpoint's credential.
extension Exchange {
    /// How the endpoint performs what was asked for.
    func plan(at endpoint: EndpointID) -> DispatchPlans.Plan? {
        worker.generation.dispatchPlans[Int(endpoint.index)].plan(
            features.operation, hasOwnHeaders: headers.hasAnthropicVersion)
    }

    /// Puts the request into the endpoint's words, in the worker's translator. Nothing to do where both speak the same,
    /// but for marks of ours that must not get there, and what another endpoint signed.
    /// - Returns: why the endpoint cannot be asked.
    func translate(_ plan: DispatchPlans.Plan, _ endpoint: EndpointID) -> AttemptFailure? {
        isMarkFree = false
        // What an earlier attempt's endpoint could not say is no longer so.
        if !unsupported.isEmpty { unsupported = [] }
        guard plan.speech != .same || facts.mayBeMarked || mayBeSignedByOthers(plan) else { return nil }
        if let fault = write(plan, endpoint) {
            translationFault = fault
            return AttemptFailure(kind: .callerError)
        }
        let (names, isComplete) = losses(plan)
        unsupported = names
        let mayDrop = worker.generation.routeOptions[Int(features.route.index)].dropsUnsupported
        return isComplete || mayDrop ? nil : AttemptFailure(kind: .unsupported)
    }

    private func mayBeSignedByOthers(_ plan: DispatchPlans.Plan) -> Bool {
        guard let origin = plan.origin, !origin.takesUnmarked(on: wire) else { return false }
        return RequestScan.hasThoughtSignature(client.bodyBytes)
    }

    private func write(_ plan: DispatchPlans.Plan, _ endpoint: EndpointID) -> TranslationFault? {
        worker.generation.upstreamModels[Int(endpoint.index)].withUnsafeBytes { name in
            let model = JSONString(name, hasEscapes: true)
            do throws(TranslationFault) {
                switch plan.speech {
                case .same: try removeMarks(target(plan, .own, model, endpoint))
                case .chat(let wire, let home): try writeChat(wire, target(plan, home, model, endpoint))
                case .embeddings(let family):
                    try worker.embeddings.write(client.bodyBytes, for: .init(family), model: model)
                case .count(let api, let home):
                    try worker.counts.write(
                        client.bodyBytes, from: wire, for: api, target: target(plan, home, model, endpoint))
                }
                return nil
            } catch {
                return error
            }
        }
    }

    private func target(
        _ plan: DispatchPlans.Plan, _ home: OperationPlan.Home, _ model: JSONString, _ endpoint: EndpointID
    ) -> EndpointTarget {
        let options = worker.generation.dispatchPlans[Int(endpoint.index)]
        return EndpointTarget(
            model: model, outputTokensDefault: options.outputTokensDefault, home: .init(home),
            capabilities: options.capabilities, origin: plan.origin)
    }

    private func writeChat(_ target: ChatWire, _ endpoint: EndpointTarget) throws(TranslationFault) {
        try worker.translator.translate(
            client.bodyBytes, from: wire, isStream: features.isStreaming, to: target, for: endpoint)
    }

    /// The caller's own words without the marks of earlier answers. Operations without thinking pass as they are.
    private func removeMarks(_ endpoint: EndpointTarget) throws(TranslationFault) {
        guard endpoint.origin != nil, let kind = features.operation.kind else { return }
        guard try worker.translator.removeMarks(from: client.bodyBytes, on: wire, for: endpoint) else { return }
        // Of a body made from one that was scanned, the scan finds nothing amiss.
        isMarkFree =
            RequestScan.facts(worker.translator.body, kind: kind, hashesPrefix: false, into: &worker.markFreeFacts)
            == nil
    }

    /// What the caller is told that the endpoint does not do, and whether that may be left to it.
    private func losses(_ plan: DispatchPlans.Plan) -> (names: [String], isComplete: Bool) {
        switch plan.speech {
        case .embeddings:
            let isComplete = worker.embeddings.isComplete
            return (isComplete ? [] : worker.embeddings.lossNames, isComplete)
        case .count:
            let isComplete = worker.counts.isComplete
            return (isComplete ? [] : worker.counts.lossNames(in: wire), isComplete)
        case .same where !isMarkFree: return ([], true)
        case .same, .chat:
            let translator = worker.translator
            return (translator.isSilent ? [] : translator.lossNames(in: wire), translator.isComplete)
        }
    }

    /// The few header lines that a translated request takes along.
    private func appendOwnLines(_ writer: inout ByteWriter) {
        writer.append("content-type: application/json\r\n")
        let head = client.headBytes
        if !headers.traceparent.isEmpty {
            writer.append("traceparent: ")
            writer.append(headers.traceparent.slice(head))
            writer.append("\r\n")
        }
        if !headers.tracestate.isEmpty {
            writer.append("tracestate: ")
            writer.append(headers.tracestate.slice(head))
            writer.append("\r\n")
        }
    }

    // MARK: Credentials

    func pickCredential(_ slot: Int, _ endpoint: EndpointID) -> Bool {
        let credentials = worker.generation.upstreams[Int(endpoint.index)].credentials
        guard !credentials.isEmpty else { return true }
        guard let index = credentials.pick(now: now) else { return false }
        attempts[slot].credential = index
        attempts[slot].credentialEdition = credentials.edition(at: index)
        return true
    }

    /// Leaves a credential alone that was refused or is used up.
    /// - Returns: whether the endpoint has another one to try with.
    func noteCredential(_ slot: Int, _ failure: AttemptFailure) -> Bool {
        guard let endpoint = attempts[slot].endpoint, attempts[slot].credential >= 0 else { return false }
        let credentials = worker.generation.upstreams[Int(endpoint.index)].credentials
        let edition = attempts[slot].credentialEdition
        if failure.kind == .credential, let id = credentials.identity(of: edition) { worker.credentialRefused?(id) }
        return credentials.failed(edition, failure.kind, pause: failure.retryAfter, now: now)
    }

    /// Whether the endpoint's words repeat the credential of an attempt: then they are not for the caller.
    func repeatsCredential(_ slot: Int, _ body: UnsafeRawBufferPointer) -> Bool {
        guard attempts[slot].credential >= 0, let upstream = attempts[slot].connection?.upstream else { return false }
        return upstream.credentials.isRepeated(attempts[slot].credential, in: body)
    }

    // MARK: Sending

    /// Writes the request of this exchange to a ready connection.
    func sendRequest(on connection: UpstreamConnection) -> Sent {
        guard let plan = connection.plan, let endpoint = attempts[connection.slot].endpoint else { return .failed(0) }
        if !isTranslated, translate(plan, endpoint) != nil { return .failed(0) }
        let isForm = features.operation.kind == nil
        let models = isForm ? worker.generation.plainUpstreamModels : worker.generation.upstreamModels
        return models[Int(endpoint.index)].withUnsafeBytes { model in
            var body = SegmentList(memory: worker.headSegmentMemory)
            appendBody(plan, model, to: &body)
            var writer = ByteWriter(worker.headMemory)
            plan.withHead(isStream: features.isStreaming) { writer.append($0) }
            guard appendCredential(connection, plan, body, to: &writer) else { return .failed(0) }
            if plan.speech == .same { writer.append(forwardedLines.bytes) } else { appendOwnLines(&writer) }
            writer.append("content-length: ")
            writer.append(decimal: body.byteCount)
            writer.append("\r\n\r\n")
            precondition(!writer.isFull, "heads are bounded below the scratch's size")
            worker.beginSegments()
            worker.segments.append(writer.bytes)
            for i in 0..<body.count { worker.segments.append(body.pointer[i].base, body.pointer[i].count) }
            let sent = connection.send(worker.segments.pointer, count: worker.segments.count)
            worker.segments.removeAll()
            return sent
        }
    }

    private func appendBody(
        _ plan: DispatchPlans.Plan, _ model: UnsafeRawBufferPointer, to segments: inout SegmentList
    ) {
        switch plan.speech {
        case .chat: return segments.append(worker.translator.body)
        case .embeddings: return segments.append(worker.embeddings.output)
        case .count: return segments.append(worker.counts.output)
        case .same: break
        }
        let body = isMarkFree ? worker.translator.body : client.bodyBytes
        let edits =
            plan.modelPlace == .body
            ? RequestBody.edits(
                isMarkFree ? worker.markFreeFacts : facts, of: body, model: model, addUsage: dropsUsageChunk)
            : RequestBody()
        edits.appendBody(body, to: &segments)
    }

    /// - Returns: false when the credential has gone since it was picked.
    private func appendCredential(
        _ connection: UpstreamConnection, _ plan: DispatchPlans.Plan, _ body: SegmentList, to writer: inout ByteWriter
    ) -> Bool {
        let index = attempts[connection.slot].credential
        guard index >= 0 else { return true }
        let credentials = connection.upstream.credentials
        if credentials.withLines(index, { writer.append($0) }) != nil { return true }
        guard let signer = credentials.signer(index) else { return false }
        // What is signed must be what is sent: the type is the caller's own where its body is.
        let type =
            plan.speech == .same ? headers.contentType.slice(client.headBytes) : Self.jsonType
        writer.append(
            worker.sign(plan, isStream: features.isStreaming, contentType: type, body: body, by: signer))
        return true
    }

    private static var jsonType: UnsafeRawBufferPointer {
        let text: StaticString = "application/json"
        return UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
