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
            writer.name(name)
            if value.isArray {
                writer.beginArray()
                write(contents: Array(value.elements))
                writer.endArray()
            } else {
                write(content: value, isForeign: hasForeign(value))
            }
            return true
        }
    }

    /// Contents of one role that follow one another are one turn, answered by one endpoint: clients that stream keep each
    /// chunk as a content of its own, and only the last of its thoughts says whose they are.
    private func write(contents: [JSONElement]) {
        var start = 0
        while start < contents.count {
            var end = start + 1
            while end < contents.count, isSameRole(contents[start], contents[end]) { end += 1 }
            let isForeign = contents[start..<end].contains { hasForeign($0) }
            for content in contents[start..<end] { write(content: content, isForeign: isForeign) }
            start = end
        }
    }

    private func isSameRole(_ one: JSONElement, _ other: JSONElement) -> Bool {
        (one["role"]?.string ?? "user").isSame(as: other["role"]?.string ?? "user")
    }

    private func hasForeign(_ content: JSONElement) -> Bool {
        content["parts"]?.elements.contains { verdict(part: $0).isForeign } ?? false
    }

    private func write(content: JSONElement, isForeign: Bool) {
        let parts = content["parts"]?.elements
        guard let parts, isForeign || parts.contains(where: { verdict(part: $0).isMarked }) else {
            return writer.raw(content.raw)
        }
        guard parts.contains(where: { !isDropped($0, isForeign) }) else { return }
        var needsWord = target.capabilities.thinking == .adaptive && !parts.contains { isCall($0) && isSigned($0) }
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
        case .foreign: write(part, signature: nil)
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
