// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

extension Conversation {
    /// Takes the marks off, and the signatures away that the endpoint did not make: what is left unsigned every writer
    /// leaves out, or says as its vendor documents (Google's word for a lost signature).
    /// - Parameters:
    ///   - wire: the caller's.
    ///   - origin: the endpoint's; `nil` takes nothing back.
    func settleSignatures(from wire: ChatWire, for origin: SignatureOrigin?) {
        // Of the call that comes next.
        var callSignature = JSONString.empty
        for position in parts.indices {
            let kind = parts[position].kind
            switch kind {
            case .redactedThinking:
                parts[position].text = own(parts[position].text, kind, wire, origin)
                takeCallSignature(&parts[position].text, into: &callSignature)
                continue
            case .thinking:
                settleThinking(position, wire, origin)
                takeCallSignature(&parts[position].signature, into: &callSignature)
                continue
            case .toolCall where parts[position].signature.isEmpty: parts[position].signature = callSignature
            default:
                guard !parts[position].signature.isEmpty else { break }
                parts[position].signature = own(parts[position].signature, kind, wire, origin)
            }
            callSignature = .empty
        }
    }

    private func settleThinking(_ position: Int, _ wire: ChatWire, _ origin: SignatureOrigin?) {
        guard !parts[position].signature.isEmpty else { return }
        let signature = own(parts[position].signature, .thinking, wire, origin)
        parts[position].signature = signature
        guard let data = SealedThinking.data(signature) else { return }
        parts[position] = Part(.redactedThinking)
        parts[position].text = data
    }

    /// What stands for the signature of a call is no thinking.
    private func takeCallSignature(_ seal: inout JSONString, into signature: inout JSONString) {
        guard let found = CallSignature.signature(seal) else { return }
        signature = found
        seal = .empty
    }

    private func own(
        _ text: JSONString, _ kind: Part.Kind, _ wire: ChatWire, _ origin: SignatureOrigin?
    ) -> JSONString {
        guard let origin else { return .empty }
        guard let mark = SignatureMark(text, arena) else {
            return SignatureOrigin.implied(by: wire, kind) == origin ? text : .empty
        }
        return mark.origin == origin ? mark.signature : .empty
    }
}
