// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FuzzSupport
internal import ResourceTypes
internal import WireFormats

@testable internal import Translation

/// What a caller said beside what can be read of it on an endpoint's wire. They are the same but for what was reported
/// as lost.
struct RequestComparison {
    let said: ToldConversation
    let read: ToldConversation
    let losses: Losses
    let wire: ChatWire
    let target: EndpointTarget
    /// Both documents, for a failure's message.
    let documents: String

    func check() {
        checkTurns()
        checkTools()
        checkSampling()
        checkFormat()
        checkReasoning()
        checkAccount()
        expect(read.foreign.isEmpty, "nothing is written that the wire itself calls foreign: \(read.foreign)")
    }

    // MARK: Claims

    private func expect(_ holds: Bool, _ claim: @autoclosure () -> String) {
        Fuzz.check(holds, "\(claim()); to \(wire), lost \(losses.names(in: .chatCompletions)): \(documents)")
    }

    private func isLost(_ features: [Feature]) -> Bool {
        features.contains { losses.features.contains($0) || losses.told.contains($0) }
    }

    private func same<Value: Equatable>(_ name: String, _ a: Value, _ b: Value, unless features: Feature...) {
        expect(a == b || isLost(features), "\(name) is \(a) and becomes \(b)")
    }

    // MARK: Turns

    private static let media: [Feature] = [
        .imageURL, .image, .imageInToolResult, .audio, .video, .document, .fileID,
    ]

    private func checkTurns() {
        same("system text", said.system, read.system)
        // A group of which all was lost is none, and its neighbours become one.
        guard !isLost(Self.media) else { return }
        same("the number of groups", said.groups.count, read.groups.count)
        for (said, read) in zip(said.groups, read.groups) { check(said, read) }
    }

    private func check(_ group: ToldGroup, _ other: ToldGroup) {
        same("a role", group.role, other.role)
        same("calls", group.calls, other.calls)
        if takesBytesOnly { return }
        same("text", ordered(group.text), ordered(other.text))
        if wire != .converse { same("media", group.media, other.media) }
        same("thoughts", group.thoughts, other.thoughts)
        same("the number of results", group.results.count, other.results.count)
        for (result, read) in zip(group.results, other.results) {
            same("a result's call", result.call, read.call)
            same("a result's success", result.isError, read.isError)
            same("a result's text", ordered(result.text), ordered(read.text))
            if wire != .converse { same("a result's media", result.media, read.media) }
        }
    }

    /// Converse calls types by other names and takes text files as bytes.
    private var takesBytesOnly: Bool { wire == .converse && said.hasTextFiles }

    private func ordered(_ text: Words) -> Words { said.hasTextFiles ? text.unordered : text }

    // MARK: Tools

    private func checkTools() {
        if isLost([.toolChoiceNone]) { return }
        same("the choice of tools", said.choice, read.choice)
        // Converse has no word for `none`: it is said by leaving the tools out.
        if wire == .converse, said.choice == .none { return }
        same("the number of tools", said.tools.count, read.tools.count)
        for (said, read) in zip(said.tools, read.tools) {
            same("a tool's name", said.name, read.name)
            same("a tool's description", said.description, read.description)
            // On Google's wire a call that is demanded obeys its schema anyway.
            if wire != .generateContent || self.said.choice == .free {
                same("a tool's strictness", said.isStrict, read.isStrict, unless: .strictTools)
            }
            // Google's wire takes schemas in words of its own.
            if wire != .generateContent { same("a tool's parameters", said.parameters, read.parameters) }
        }
        same("one call at a time", said.isSerial, read.isSerial, unless: .parallelToolCalls)
    }

    // MARK: Numbers

    private func checkSampling() {
        let (said, read) = (said.sampling, read.sampling)
        // 1 is what models take without being told.
        same("temperature", said.temperature ?? 1, read.temperature ?? 1, unless: .temperature)
        same("top_p", said.topP ?? 1, read.topP ?? 1, unless: .topP)
        same("top_k", said.topK, read.topK, unless: .topK)
        same("seed", said.seed, read.seed, unless: .seed)
        same("presence penalty", said.presencePenalty, read.presencePenalty, unless: .presencePenalty)
        same("frequency penalty", said.frequencyPenalty, read.frequencyPenalty, unless: .frequencyPenalty)
        same("stop sequences", self.said.stops, self.read.stops, unless: .stopSequences)
        let bound = self.said.outputTokensMax
        same(
            "the bound on output", wire == .messages ? bound ?? target.outputTokensDefault : bound,
            self.read.outputTokensMax)
    }

    private func checkFormat() {
        guard let format = said.format else { return same("the form", said.format, read.format) }
        if wire == .generateContent {
            return expect(read.format != nil || isLost([.jsonObject, .jsonSchema]), "the form \(format) is kept")
        }
        same("the form", format, read.format ?? "", unless: .jsonObject, .jsonSchema)
    }

    // MARK: Reasoning

    private func checkReasoning() {
        guard let reasoning = said.reasoning else {
            return same("reasoning", said.reasoning, read.reasoning)
        }
        if isLost([.reasoning]) { return }
        if reasoning == .off { return expect(isOff(read.reasoning), "no reasoning stays none") }
        guard wire == .chatCompletions || wire == .responses else {
            return expect(!isOff(read.reasoning), "reasoning \(reasoning) stays on")
        }
        switch reasoning {
        case .off, .adaptive: break
        case .effort: same("effort", said.reasoning, read.reasoning)
        case .budget(let tokens): same("effort", .effort(ThinkingBudget.effort(tokens)), read.reasoning)
        }
    }

    /// Gemini 3 has no lower word than minimal.
    private func isOff(_ reasoning: Reasoning?) -> Bool {
        reasoning == nil || reasoning == .off || reasoning == .effort(.minimal)
    }

    // MARK: Account

    private func checkAccount() {
        same("the user", said.user, read.user, unless: .user)
        same("metadata", said.metadata, read.metadata, unless: .metadata)
        // The clouds' Messages have one tier only.
        let isOnly = wire == .messages && target.home != .own && said.tier == .standard
        if !isOnly { same("the tier", said.tier, read.tier, unless: .serviceTier) }
        guard wire != .generateContent, wire != .converse else { return }
        let isInPath = wire == .messages && (target.home == .bedrock || target.home == .vertex)
        same("the model", isInPath ? "" : target.model.text, read.model)
        if target.home != .bedrock { same("streaming", said.isStream, read.isStream) }
    }
}
