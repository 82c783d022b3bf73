// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// What Bedrock stores in its logs beside the request: at most 16 pairs of short plain texts.
extension ConverseBody {
    private static let pairsMax = 16
    private static let textBytesMax = 256

    /// The caller's pairs, and its name for its user as one more. Bedrock refuses a request for a pair that it does not
    /// take, so those stay out.
    mutating func writeMetadata() {
        var count = 0
        var hasUser = false
        if let metadata = conversation.metadata {
            JSONObject.forEachMember(of: metadata) { name, value in
                guard let value, write(name, value, &count) else { return losses.add(.metadata) }
                if name == "user" { hasUser = true }
            }
        }
        if let user = conversation.user, hasUser || !write("user", user, &count) { losses.add(.user) }
        if count > 0 { writer.endObject() }
    }

    /// - Returns: false, and nothing is written, for a pair that Bedrock does not take.
    private func write(_ name: JSONString, _ value: JSONString, _ count: inout Int) -> Bool {
        guard count < Self.pairsMax, !name.isEmpty, Self.isPlain(name), Self.isPlain(value) else { return false }
        if count == 0 {
            writer.name("requestMetadata")
            writer.beginObject()
        }
        count += 1
        writer.member(name, value)
        return true
    }

    /// Letters, digits, spaces and `._:/=+$@-` (Bedrock's API reference, read 2026-11).
    private static func isPlain(_ text: JSONString) -> Bool {
        text.bytes.count <= textBytesMax
            && text.bytes.allSatisfy { byte in
                switch byte {
                case 65...90, 97...122, 48...57, 32, 46, 95, 58, 47, 61, 43, 36, 64, 45: true
                default: false
                }
            }
    }
}
