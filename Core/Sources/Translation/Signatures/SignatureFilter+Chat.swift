// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// On chat completions all of it is an extension of the gateway's own making, which goes where it is somebody else's:
// blocks, the words beside them, and the signature of a call.
extension SignatureFilter {
    func filterChat(_ body: JSONElement) {
        write(body) { name, value in
            guard name == "messages" else { return false }
            writer.name(name)
            writeList(value) { write(chat: $0) }
            return true
        }
    }

    private func write(chat message: JSONElement) {
        let blocks = message["thinking_blocks"]
        guard blocks != nil || message["tool_calls"] != nil else { return writer.raw(message.raw) }
        let hasForeign = blocks?.elements.contains { verdict(chat: $0).isForeign } ?? false
        write(message) { name, value in
            if name == "reasoning_content" { return hasForeign }
            if name == "thinking_blocks" {
                guard value.elements.contains(where: { !verdict(chat: $0).isForeign }) else { return hasForeign }
                writer.name(name)
                writeList(value) { write(chatBlock: $0) }
                return true
            }
            guard name == "tool_calls" else { return false }
            writer.name(name)
            writeList(value) { write(call: $0) }
            return true
        }
    }

    private func verdict(chat block: JSONElement) -> Verdict { verdict(block["data"] ?? block["signature"]) }

    private func write(chatBlock block: JSONElement) {
        switch verdict(chat: block) {
        case .unmarked: writer.raw(block.raw)
        case .own(let text): write(block, block["data"] == nil ? "signature" : "data", text)
        case .unsigned, .foreign: break
        }
    }

    private func write(call: JSONElement) {
        let verdict = verdict(call["extra_content"]?["google"]?["thought_signature"])
        guard verdict.isMarked else { return writer.raw(call.raw) }
        write(call) { name, _ in
            guard name == "extra_content" else { return false }
            if case .own(let text) = verdict { ChatToolCall.writeSignature(text, writer) }
            return true
        }
    }
}
