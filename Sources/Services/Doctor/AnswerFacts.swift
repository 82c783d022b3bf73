// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// What an answer says about the endpoint: numbers and names, never its text.
public struct AnswerFacts: Hashable, Sendable {
    public var status: UInt16
    public var isHTML = false
    public var isJSON = false
    /// The body has what an answer on the wire has.
    public var hasAnswer = false
    /// Holds an error, whatever the status.
    public var hasError = false
    /// The name by which the endpoint calls the model in its answer.
    public var model: String?
    /// Words of the error that are names: `insufficient_quota`, `DeploymentNotFound`, `ThrottlingException`.
    public var codes: [String] = []
    /// The error in the endpoint's words, with secrets taken out. Only ever of an error.
    public var message: String?
    /// As the answer asks, in seconds.
    public var retryAfterSeconds: Double?
    /// The proxy or server that answered, as it calls itself.
    public var server: String?

    public init(status: UInt16) { self.status = status }

    /// Whether a code or the message holds `word`, in any case.
    func says(_ words: String...) -> Bool {
        let all = (codes + [message ?? ""]).joined(separator: " ").lowercased()
        return words.contains { all.contains($0.lowercased()) }
    }
}

extension AnswerFacts {
    /// - Parameters:
    ///   - header: value of a header by its name in lower case.
    ///   - words: takes secrets out of what the endpoint says.
    static func read(
        status: UInt16, header: (String) -> String?, body: [UInt8], wire: ProbeWire, words: SafeText
    ) -> AnswerFacts {
        var facts = AnswerFacts(status: status)
        facts.server = header("server").map { words.quote(String($0.prefix(40))) }
        facts.retryAfterSeconds = seconds(header("retry-after-ms"), 0.001) ?? seconds(header("retry-after"), 1)
        let type = header("content-type")?.lowercased() ?? ""
        let start = String(decoding: body.prefix(256), as: UTF8.self).drop(while: \.isWhitespace).lowercased()
        facts.isHTML = type.hasPrefix("text/html") || start.hasPrefix("<!doctype html") || start.hasPrefix("<html")
        if let name = header("x-amzn-errortype") { facts.note(code: name, words) }
        guard let value = try? JSONValue(parsing: body) else {
            let isSound = type.hasPrefix("audio/") || type.hasPrefix("application/octet-stream")
            facts.hasAnswer = wire.answerMembers.isEmpty && isSound && !body.isEmpty
            return facts
        }
        facts.isJSON = true
        facts.hasAnswer = wire.answerMembers.contains { value[$0].map { !$0.isNull } ?? false }
        facts.model = words.name(name(value["model"]?.stringValue ?? value["modelVersion"]?.stringValue))
        facts.readError(value, words)
        return facts
    }

    /// The shapes that servers have: OpenAI's and Anthropic's object, Google's in a list, AWS's flat one, a text, what
    /// Python frameworks say.
    private mutating func readError(_ value: JSONValue, _ words: SafeText) {
        let root = value.arrayValue?.first ?? value
        let error = root["error"]
        let isFlat = status >= 400 || root["object"]?.stringValue == "error"
        guard error.map({ !$0.isNull }) ?? isFlat else { return }
        hasError = true
        let holder = error?.members == nil ? root : error ?? root
        for name in ["code", "type", "status", "__type", "Code"] {
            note(code: holder[name]?.stringValue, words)
        }
        note(code: holder["innererror"]?["code"]?.stringValue, words)
        for detail in holder["details"]?.arrayValue ?? [] { note(code: detail["reason"]?.stringValue, words) }
        note(code: holder["details"]?["error_code"]?.stringValue, words)
        let text =
            holder["message"]?.stringValue ?? holder["Message"]?.stringValue ?? error?.stringValue
            ?? root["detail"]?.stringValue
        message = text.map(words.quote)
    }

    /// Only what looks like a name: nobody else's text becomes ours unseen.
    private mutating func note(code: String?, _ words: SafeText) {
        guard var code else { return }
        // AWS: `namespace#Name:http://…`
        code = code.split(separator: "#").last.map(String.init) ?? code
        code = code.split(separator: ":").first.map(String.init) ?? code
        guard let name = words.name(Self.name(code)), name.utf8.count <= 64, !codes.contains(name) else { return }
        codes.append(name)
    }

    /// Letters, digits and what model names have; at most 128 bytes.
    private static func name(_ text: String?) -> String? {
        guard let text, (1...128).contains(text.utf8.count) else { return nil }
        let isName = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (97...122).contains(byte | 0x20) && byte >= 65 || "-._:/@+".utf8.contains(byte)
        }
        return isName ? text : nil
    }

    private static func seconds(_ text: String?, _ unit: Double) -> Double? {
        guard let value = text.flatMap(Double.init), value.isFinite, value >= 0 else { return nil }
        return min(value * unit, 86_400)
    }
}
