// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import Identity
internal import ResourceTypes
internal import WireFormats

/// Stage 2: whose key is this. Compared in full and in constant time by the table; there is no default key.
enum Authenticate {
    static func check(_ exchange: Exchange) -> Refusal? {
        guard !exchange.headers.key.isEmpty else { return .missingKey }
        let generation = exchange.worker.generation
        let presented = exchange.headers.key.slice(exchange.client.headBytes)
        guard let match = generation.keys.find(presented) else {
            return KeyText.isDamaged(presented) ? .damagedKey : .unknownKey
        }
        guard match.expiresAtUnixSeconds > exchange.worker.unixSeconds else { return .expiredKey }
        exchange.principal = Principal(slot: generation.keySlots[Int(match.key.index)])
        return nil
    }
}
