// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

// Thoughts of others go, texts lose their signature, and the first of a turn's calls gets Google's own word for a lost one,
// which Gemini 3 asks for.
extension SignatureFilter {
    func filterGenerateContent(_ body: JSONElement) {
        write(body) { name, value in
            guard name == "contents" else { return false }
            filterContents(name, value)
            return true
        }
    }

    /// Writes the member `contents`.
    func filterContents(_ name: JSONString, _ value: JSONElement) {
        writer.name(name)
        guard value.isArray else { return write(turn: [value]) }
        writer.beginArray()
        let contents = Array(value.elements)
        var start = 0
        while start < contents.count {
            var end = start + 1
            while end < contents.count, isSameRole(contents[start], contents[end]) { end += 1 }
            write(turn: contents[start..<end])
            start = end
        }
        writer.endArray()
    }

    /// Contents of one role that follow one another are one turn, answered by one endpoint: clients that stream keep each
    /// chunk as a content of its own, only the last of its thoughts says whose they are, and only its first call needs a
    /// signature.
    private func write(turn contents: ArraySlice<JSONElement>) {
        let isForeign = contents.contains { content in parts(content).contains { verdict(part: $0).isOthers } }
        let isSigned = contents.contains { content in
            parts(content).contains { isCall($0) && self.isSigned($0) }
        }
        var needsWord = target.capabilities.thinking == .adaptive && !isSigned
        for content in contents { write(content: content, isForeign: isForeign, &needsWord) }
    }

    private func parts(_ content: JSONElement) -> [JSONElement] { content["parts"].map { Array($0.elements) } ?? [] }

    private func isSameRole(_ one: JSONElement, _ other: JSONElement) -> Bool {
        (one["role"]?.string ?? "user").isSame(as: other["role"]?.string ?? "user")
    }

    private func write(content: JSONElement, isForeign: Bool, _ needsWord: inout Bool) {
        let parts = parts(content)
        guard isForeign || parts.contains(where: { verdict(part: $0).isMarked }) else { return writer.raw(content.raw) }
        guard parts.contains(where: { !isDropped($0, isForeign) }) else { return }
        write(content) { name, value in
            guard name == "parts" else { return false }
            writer.name(name)
            writeList(value) { part in
                guard !isDropped(part, isForeign) else { return }
                write(part: part, needsWord: needsWord)
                if isCall(part) { needsWord = false }
            }
            return true
        }
    }

    private func write(part: JSONElement, needsWord: Bool) {
        if isCall(part), !isSigned(part) {
            return write(part, signature: needsWord ? GenerateContentTurnWriter.lostSignature : nil)
        }
        switch verdict(part: part) {
        case .unmarked: writer.raw(part.raw)
        case .own(let text): write(part, signature: text)
        case .unsigned, .foreign: write(part, signature: nil)
        }
    }

    /// The part with another signature, or with none.
    private func write(_ part: JSONElement, signature: JSONString?) {
        writer.beginObject()
        for (name, value) in part.members where !isSignature(name) { writer.member(name, raw: value.raw) }
        if let signature { writer.member("thoughtSignature", signature) }
        writer.endObject()
    }

    private func verdict(part: JSONElement) -> Verdict { verdict(signature(of: part)) }

    /// A thought of another's, or a signature of another's with nothing that it would sign.
    private func isDropped(_ part: JSONElement, _ isForeign: Bool) -> Bool {
        let isSignedByOther = verdict(part: part).isForeign
        if part["thought"]?.bool ?? false { return isSignedByOther || isForeign && signature(of: part) == nil }
        let hasText = !(part["text"]?.string?.isEmpty ?? true)
        return isSignedByOther && !hasText && part.members.allSatisfy { isSignature($0.name) || $0.name == "text" }
    }

    private func isSigned(_ part: JSONElement) -> Bool { signature(of: part) != nil && !verdict(part: part).isForeign }
    private func isCall(_ part: JSONElement) -> Bool { part.either("functionCall", "function_call") != nil }
    private func signature(of part: JSONElement) -> JSONElement? {
        part.either("thoughtSignature", "thought_signature")
    }
    private func isSignature(_ name: JSONString) -> Bool { name == "thoughtSignature" || name == "thought_signature" }
}
