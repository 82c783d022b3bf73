// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Reasoning items stand beside what they led to, and nothing is missing without them.
extension SignatureFilter {
    func filterResponses(_ body: JSONElement) {
        write(body) { name, value in
            guard name == "input" else { return false }
            writer.name(name)
            writeList(value) { write(item: $0) }
            return true
        }
    }

    private func write(item: JSONElement) {
        guard item["type"]?.string.map({ $0 == "reasoning" }) ?? false else { return writer.raw(item.raw) }
        switch verdict(item["encrypted_content"]) {
        case .unmarked: writer.raw(item.raw)
        case .own(let text): write(item, "encrypted_content", text)
        case .unsigned, .foreign: break
        }
    }
}
