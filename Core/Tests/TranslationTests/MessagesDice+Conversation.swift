// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import WireFormats

@testable import Translation

extension MessagesDice {
    func conversation() -> Conversation {
        let conversation = Conversation()
        conversation.isStream = chance(2)
        conversation.outputTokensMax = Int64(number(2048...9000))
        for _ in 0..<number(0...2) { conversation.system.append(.text(text())) }
        fillTools(conversation)
        fillTurns(conversation)
        fillWishes(conversation)
        if !isResponses { fillMarks(conversation) }
        return conversation
    }

    /// How the model must be declared so that it can do what the conversation asks.
    func target(_ conversation: Conversation) -> EndpointTarget {
        var capabilities = Capabilities()
        if case .budget = conversation.reasoning { capabilities.thinking = .budget }
        return EndpointTarget(model: "m", capabilities: capabilities)
    }

    // MARK: Tools

    private func fillTools(_ conversation: Conversation) {
        for index in 0..<number(0...3) {
            var tool = Tool(name: name(index), description: chance(2) ? text() : nil)
            if chance(2) { tool.parameters = raw(#"{"type":"object","properties":\#(object())}"#) }
            if chance(2) { tool.isStrict = true }
            conversation.tools.append(tool)
        }
        guard let first = conversation.tools.first else { return }
        conversation.toolChoice = pick([nil, .auto, .any, ToolChoice.none, .named(first.name)])
        switch conversation.toolChoice {
        case .auto, .any, .named: conversation.allowsParallelCalls = pick([nil, true, false])
        case nil, .some(.none): break
        }
        if isResponses, case .any = conversation.toolChoice, chance(2) { conversation.allowedTools = [first.name] }
    }

    // MARK: Turns

    private func fillTurns(_ conversation: Conversation) {
        var calls: [Part] = []
        for index in 0..<number(1...3) {
            fillUser(conversation, answering: calls)
            calls = []
            guard index == 0 || chance(2) else { break }
            let start = conversation.parts.count
            if chance(2) { conversation.parts.append(thinking()) }
            if !isResponses, chance(3) { conversation.parts.append(redacted()) }
            conversation.parts.append(.text(text()))
            for number in 0..<number(0...3) { calls.append(call(index * 10 + number)) }
            conversation.parts += calls
            conversation.turns.append(Turn(role: .assistant, start: start, end: conversation.parts.count))
        }
        if !calls.isEmpty { fillUser(conversation, answering: calls) }
    }

    private func fillUser(_ conversation: Conversation, answering calls: [Part]) {
        let start = conversation.parts.count
        var random = self
        for call in calls.shuffled(using: &random) {
            var result = Part(.toolResult)
            result.id = call.id
            result.isError = !isResponses && chance(3)
            result.childCount = number(0...2)
            conversation.parts.append(result)
            for _ in 0..<result.childCount { conversation.parts.append(chance(3) ? media() : .text(text())) }
        }
        for _ in 0..<number((calls.isEmpty ? 1 : 0)...2) {
            conversation.parts.append(chance(3) ? media() : .text(text()))
        }
        conversation.turns.append(Turn(role: .user, start: start, end: conversation.parts.count))
    }

    // MARK: Wishes

    private func fillWishes(_ conversation: Conversation) {
        var forcesCall = false
        switch conversation.toolChoice {
        case .any, .named: forcesCall = true
        case nil, .auto, .some(.none): break
        }
        if isResponses {
            conversation.reasoning = pick([nil, .off, .effort(pick(Reasoning.Effort.allCases))])
            conversation.serviceTier = pick([nil, .standard, .flex, .priority])
            if chance(3) { conversation.metadata = raw(#"{"k":"v"}"#) }
        } else if !forcesCall {
            conversation.reasoning = pick([nil, .adaptive, .effort(pick([.low, .medium, .high, .xhigh, .max]))])
            // A budget goes with turns that were thought about only.
            let isThought = conversation.turns.allSatisfy { turn in
                turn.role == .user || conversation.parts[turn.parts].contains { $0.kind == .thinking }
            }
            if isThought, chance(2) { conversation.reasoning = .budget(Int64(number(1024...2047))) }
        }
        if isResponses || conversation.reasoning == nil {
            if chance(2) { conversation.sampling.temperature = pick(["0", "0.5", "1"]) }
            if chance(2) { conversation.sampling.topP = pick(["0.25", "1"]) }
        }
        if chance(2) { conversation.user = text() }
        if chance(3) {
            conversation.format = .jsonSchema(
                schema: raw(object()), name: isResponses ? string("shape") : nil, description: nil, isStrict: true)
        }
        guard !isResponses else { return }
        if conversation.reasoning == nil, chance(2) { conversation.sampling.topK = "40" }
        conversation.serviceTier = pick([nil, .standard])
        for _ in 0..<number(0...2) { conversation.stops.append(text()) }
    }

    /// Four marks at most, on what can carry them.
    private func fillMarks(_ conversation: Conversation) {
        for _ in 0..<number(0...2) where !conversation.system.isEmpty {
            conversation.system[number(0...conversation.system.count - 1)].cache = pick([.fiveMinutes, .oneHour])
        }
        for _ in 0..<number(0...2) {
            let position = number(0...conversation.parts.count - 1)
            let kind = conversation.parts[position].kind
            guard kind != .thinking, kind != .redactedThinking else { continue }
            conversation.parts[position].cache = pick([.fiveMinutes, .oneHour])
        }
    }

    // MARK: Answers and streams

    func answer() -> Answer {
        let answer = Answer()
        answer.id = string("id-\(number(0...99))")
        answer.model = text()
        for index in 0..<number(0...5) {
            switch number(0...3) {
            case 0: answer.parts.append(.text(text()))
            case 1: answer.parts.append(thinking())
            // Responses have no place for it.
            case 2: answer.parts.append(isResponses ? thinking() : redacted())
            default: answer.parts.append(call(index))
            }
        }
        answer.finish = finish(hasCalls: answer.hasToolCalls)
        answer.usage = usage()
        return answer
    }

    func stream() -> [StreamEvent] {
        var events: [StreamEvent] = [.started(id: string("id-\(number(0...99))"), model: text())]
        var tools = 0
        for _ in 0..<number(0...6) {
            switch number(0...4) {
            case 0: events += [.text(text()), .text(text())]
            case 1: events += [.thinking(text()), .signature(string("c2ln"), block: nil)]
            case 2: events.append(.thinking(text()))
            case 3: events.append(isResponses ? .text(text()) : .redactedThinking(string("ZGF0")))
            default: events += mixedCalls(&tools)
            }
            if chance(3) { events.append(.usage(usage())) }
        }
        return events + [.finished(finish(hasCalls: tools > 0)), .usage(usage()), .ended]
    }

    /// One to three calls whose fragments mix.
    private func mixedCalls(_ tools: inout Int) -> [StreamEvent] {
        var queues: [[StreamEvent]] = []
        for _ in 0..<number(1...3) {
            let block = tools
            let pieces = fragments(object()).map { StreamEvent.toolArguments(block: block, fragment: $0) }
            queues.append([.toolStarted(block: block, id: string("call-\(block)"), name: name(block))])
            queues[queues.count - 1] += pieces + [.toolEnded(block: block)]
            tools += 1
        }
        var events: [StreamEvent] = []
        // Calls begin in their order; what follows may mix.
        while queues.contains(where: { !$0.isEmpty }) {
            let queue = pick(queues.indices.filter { !queues[$0].isEmpty })
            let earlier = queues[..<queue].firstIndex { if case .toolStarted = $0.first { true } else { false } }
            events.append(queues[earlier ?? queue].removeFirst())
        }
        return events
    }
}
