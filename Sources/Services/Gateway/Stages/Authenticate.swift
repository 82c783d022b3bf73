// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Identity
internal import ResourceTypes
internal import WireFormats

/// Stage 2: whose key is this. Compared in full and in constant time by the table; there is no default key.
enum Authenticate {
    static func check(_ exchange: Exchange) -> Refusal? {
        guard !exchange.headers.key.isEmpty else { return .missingKey }
        let generation = exchange.worker.generation
        guard let key = generation.keys.find(exchange.headers.key.slice(exchange.client.headBytes)) else {
            return .unknownKey
        }
        if let expiry = generation.keyExpiries[Int(key.index)], expiry <= exchange.worker.unixSeconds {
            return .expiredKey
        }
        exchange.principal = Principal(slot: generation.keySlots[Int(key.index)])
        return nil
    }
}
