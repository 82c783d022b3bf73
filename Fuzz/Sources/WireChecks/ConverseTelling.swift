// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

@testable internal import Translation

// Converse is no caller's wire, so nothing of ours reads its requests. This reads turns and tools; the rest is taken
// from what was said, and so not compared.
extension ToldConversation {
    /// - Returns: `nil` when the document is not what Converse takes.
    func reading(converse body: JSONValue) -> ToldConversation? {
        var told = self
        told.foreign = []
        told.system = words(body["system"]?.arrayValue ?? [])
        told.groups = []
        var last: Turn.Role?
        for message in body["messages"]?.arrayValue ?? [] {
            // Roles alternate, or Bedrock refuses.
            guard let group = ToldGroup(converse: message), group.role != last else { return nil }
            last = group.role
            told.groups.add(group)
        }
        ToldResult.findCalls(in: &told.groups)
        told.readTools(body["toolConfig"])
        return told
    }

    private func words(_ blocks: [JSONValue]) -> Words {
        Words(blocks.compactMap { $0["text"]?.stringValue }.joined()).solid
    }

    private mutating func readTools(_ config: JSONValue?) {
        let specs = (config?["tools"]?.arrayValue ?? []).compactMap { $0["toolSpec"] }
        let names = specs.compactMap { $0["name"]?.stringValue }
        // The stand-in of a history with calls whose caller sends no tools.
        let written = names == ["unavailable"] && tools.isEmpty ? [] : names
        if let tool = config?["toolChoice"]?["tool"]?["name"]?.stringValue {
            choice = .forced([tool])
        } else if config?["toolChoice"]?["any"] != nil {
            choice = .forced(written)
        } else if choice != .none {
            choice = .free
        }
        if case .forced(let names) = choice {
            tools.removeAll { !names.contains($0.name) }
        } else {
            tools.removeAll { !written.contains($0.name) }
        }
    }
}

extension ToldGroup {
    init?(converse message: JSONValue) {
        guard let word = message["role"]?.stringValue, let role: Turn.Role = word == "user" ? .user : .assistant,
            let content = message["content"]?.arrayValue, !content.isEmpty
        else { return nil }
        self.init(role: role)
        var texts = ""
        for block in content {
            if let text = block["text"]?.stringValue {
                guard !Words(text).solid.isEmpty else { return nil }
                texts += text == "(document)" ? "" : text
            } else if let call = block["toolUse"] {
                guard let told = ToldCall(converse: call) else { return nil }
                calls.append(told)
            } else if let result = block["toolResult"] {
                guard let told = ToldResult(converse: result) else { return nil }
                results.append(told)
            } else if let medium = ToldMedia(converse: block, &texts) {
                media.append(medium)
            }
        }
        text = Words(texts).solid
        media.sort()
    }
}

extension ToldCall {
    init?(converse call: JSONValue) {
        guard let id = call["toolUseId"]?.stringValue, let name = call["name"]?.stringValue, let input = call["input"]
        else { return nil }
        self.init(id: id, name: name, arguments: input.text, signature: "")
    }
}

extension ToldResult {
    init?(converse result: JSONValue) {
        guard let id = result["toolUseId"]?.stringValue, let content = result["content"]?.arrayValue, !content.isEmpty
        else { return nil }
        var texts = ""
        var media: [ToldMedia] = []
        for block in content {
            if let text = block["text"]?.stringValue {
                texts += text == "(empty)" ? "" : text
            } else if let medium = ToldMedia(converse: block, &texts) {
                media.append(medium)
            }
        }
        self.init(
            id: id, isError: result["status"]?.stringValue == "error", text: Words(texts).solid, media: media.sorted())
    }
}

extension ToldMedia {
    /// - Parameter texts: takes the text of a document that is one.
    /// - Returns: `nil` for what is no medium.
    init?(converse block: JSONValue, _ texts: inout String) {
        guard let medium = block["image"] ?? block["document"] ?? block["audio"] ?? block["video"] else { return nil }
        if let text = medium["source"]?["text"]?.stringValue {
            texts += text
            return nil
        }
        // Types have other names here, and are in tables that have tests of their own.
        let address = medium["source"]?["s3Location"]?["uri"]?.stringValue
        self.init(type: "", value: address ?? medium["source"]?["bytes"]?.stringValue ?? "")
    }
}
