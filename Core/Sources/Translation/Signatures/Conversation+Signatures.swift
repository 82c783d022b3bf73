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
        for position in parts.indices {
            let kind = parts[position].kind
            if kind == .redactedThinking {
                parts[position].text = own(parts[position].text, kind, wire, origin)
            } else if !parts[position].signature.isEmpty {
                let signature = own(parts[position].signature, kind, wire, origin)
                parts[position].signature = signature
                guard kind == .thinking, let data = SealedThinking.data(signature) else { continue }
                parts[position] = Part(.redactedThinking)
                parts[position].text = data
            }
        }
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
