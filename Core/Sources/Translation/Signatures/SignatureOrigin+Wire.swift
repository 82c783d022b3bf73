// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

extension SignatureOrigin {
    /// Whose a signature without a mark is, by the wire on which the caller sends it: it came by that wire from an endpoint
    /// that speaks it itself, so nobody marked it.
    /// - Returns: `nil` where nobody can tell. `thinking_blocks` of chat completions come from gateways and compatible
    ///   servers, over any vendor's model.
    static func implied(by wire: ChatWire, _ kind: Part.Kind) -> SignatureOrigin? {
        switch wire {
        case .messages: .anthropic
        case .generateContent: .google
        // Some organisation's; whose, the text does not say.
        case .responses: SignatureOrigin(.openAI)
        // The member is named after Google.
        case .chatCompletions: kind == .toolCall ? .google : nil
        case .converse: nil
        }
    }

    /// Whether a caller of this wire, and whoever reads what it sends back, would take the part for somebody else's.
    func needsMark(on wire: ChatWire, _ kind: Part.Kind) -> Bool {
        // On chat completions signatures are an extension, which few endpoints take: the mark lets it be found.
        wire == .chatCompletions || self != Self.implied(by: wire, kind)
    }

    /// Whether an endpoint that speaks the caller's wire is passed signatures without a mark. Vertex AI's own answers are
    /// always marked on Google's wire (`areMistakable`), so what has no mark there is AI Studio's.
    public func takesUnmarked(on wire: ChatWire) -> Bool { wire != .generateContent || self == .google }
}
