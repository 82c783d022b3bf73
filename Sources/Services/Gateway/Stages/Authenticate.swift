// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import Identity
internal import ResourceTypes
internal import WireFormats

/// Stage 2: whose key is this, or which key does this token stand for. Keys are compared in full and in constant time by
/// the table; there is no default key.
enum Authenticate {
    static func check(_ exchange: Exchange) -> Refusal? {
        let generation = exchange.worker.generation
        guard !exchange.headers.key.isEmpty else { return checkWorkload(exchange, generation) }
        guard !exchange.headers.hasSeveralKeys else { return .severalKeys }
        let presented = exchange.headers.key.slice(exchange.client.headBytes)
        var found = generation.keys.find(presented)
        if found == nil {
            do throws(TokenFault) {
                found = try generation.tokens.find(presented, at: exchange.worker.unixSeconds)
            } catch { return .token(error) }
        }
        guard let match = found else { return KeyText.isDamaged(presented) ? .damagedKey : .unknownKey }
        return admit(match, exchange, generation)
    }

    /// A caller without a key may have a certificate.
    private static func checkWorkload(_ exchange: Exchange, _ generation: Generation) -> Refusal? {
        guard exchange.worker.trustDomain != nil, let workload = exchange.client.workload else { return .missingKey }
        let match = generation.workloads.find(workload.id, expiresAtUnixSeconds: workload.expiresAtUnixSeconds)
        return match.map { admit($0, exchange, generation) } ?? .unknownWorkload
    }

    private static func admit(_ match: KeyMatch, _ exchange: Exchange, _ generation: Generation) -> Refusal? {
        guard match.expiresAtUnixSeconds > exchange.worker.unixSeconds else { return .expiredKey }
        exchange.principal = Principal(slot: generation.keySlots[Int(match.key.index)])
        return nil
    }
}
