// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Reads Google's complete answer. Of several candidates the first is read: more than one is never asked for.
struct GenerateContentAnswerReader: AnswerReading {
    /// - Throws: `incompleteAnswer` for an answer with neither a candidate nor a reason for having none, or whose
    ///   candidate does not say how it ended; `brokenAnswer` when it says that it is broken, or is an error.
    static func read(_ body: JSONElement, into answer: Answer) throws(TranslationFault) {
        guard body.isObject else { throw TranslationFault(.wrongType("an object")) }
        if body.present("error") != nil {
            throw TranslationFault(.brokenAnswer("an error inside a success"), at: "error")
        }
        answer.id = body["responseId"]?.string ?? .empty
        answer.model = body["modelVersion"]?.string ?? .empty
        var usage = GenerateContentUsage()
        usage.read(body["usageMetadata"])
        answer.usage = usage.counts
        var candidates = body["candidates"]?.elements
        guard let candidate = candidates?.next() else {
            guard GenerateContentCandidate.isBlocked(body) else {
                throw TranslationFault(.incompleteAnswer, at: "candidates")
            }
            return answer.finish = Finish(.filtered)
        }
        try readParts(candidate, into: answer)
        guard let reason = candidate.present("finishReason")?.string else {
            throw TranslationFault(.incompleteAnswer, at: "candidates[0].finishReason")
        }
        answer.finish = try GenerateContentFinish.read(reason, hasCalls: answer.hasToolCalls)
    }

    private static func readParts(_ candidate: JSONElement, into answer: Answer) throws(TranslationFault) {
        guard let parts = candidate["content"]?["parts"] else { return }
        var ids = GenerateContentCallID()
        ids.note(responseID: answer.id)
        var calls = 0
        for element in parts.elements {
            guard let part = try GenerateContentCandidate.part(element, ids, calls, answer.arena) else { continue }
            if part.kind == .toolCall { calls += 1 }
            answer.parts.append(part)
        }
    }
}

/// What complete and streamed answers have in common.
enum GenerateContentCandidate {
    static func isBlocked(_ body: JSONElement) -> Bool {
        body["promptFeedback"]?.present("blockReason")?.string.map { !$0.isEmpty } ?? false
    }

    /// - Parameter number: how many calls came before in this answer.
    /// - Returns: `nil` for empty parts and for kinds that nobody asked for (code that ran at Google, pictures).
    static func part(
        _ element: JSONElement, _ ids: GenerateContentCallID, _ number: Int, _ arena: ByteArena
    ) throws(TranslationFault) -> Part? {
        if let call = element.present("functionCall") {
            var part = try self.call(call, ids, number, arena)
            part.signature = signature(element, arena)
            return part
        }
        var part = Part(element["thought"]?.bool ?? false ? .thinking : .text)
        part.text = element["text"]?.string ?? .empty
        part.signature = signature(element, arena)
        // A signature may stand behind the text it signs, alone. A caller of another wire would get an empty text.
        return part.text.isEmpty && (part.kind == .text || part.signature.isEmpty) ? nil : part
    }

    /// A signature that is no base64 could never be played back and is dropped; the answer is good without.
    private static func signature(_ element: JSONElement, _ arena: ByteArena) -> JSONString {
        element.present("thoughtSignature")?.string.flatMap { Base64.standard($0, arena) } ?? .empty
    }

    private static func call(
        _ call: JSONElement, _ ids: GenerateContentCallID, _ number: Int, _ arena: ByteArena
    ) throws(TranslationFault) -> Part {
        let path: StaticString = "candidates[0].content.parts[].functionCall"
        guard let name = call["name"]?.string, !name.isEmpty else {
            throw TranslationFault(.incompleteAnswer, at: "\(path)")
        }
        // Arguments in fragments come only to who asks for them, and a call without its arguments is another call.
        guard call.present("partialArgs") == nil, !(call["willContinue"]?.bool ?? false) else {
            throw TranslationFault(.brokenAnswer("arguments in fragments"), at: "\(path)")
        }
        var part = Part(.toolCall)
        part.name = name
        if let arguments = call.present("args") {
            guard arguments.isObject else { throw TranslationFault(.malformedArguments, at: "\(path).args") }
            part.arguments = arena.compact(arguments.raw)
        }
        part.id = call.present("id")?.string ?? .empty
        if part.id.isEmpty { part.id = ids.id(number, name: name, arguments: part.arguments, arena) }
        return part
    }
}
