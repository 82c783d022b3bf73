// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import Synchronization

/// The keys of all issuers of tokens, as the keeper has them and all loops read them.
public final class IssuerKeys: Sendable {
    private struct Held {
        var keys: [PublicKey]
        var reliedOnUntil: Int64
        /// When an unknown key was last told of, Unix seconds: anybody can name one, as often as they like.
        var missedAt: Int64 = .min
    }

    private struct State {
        /// By what tokens name in `iss`: whatever a configuration calls an issuer, its keys are its own.
        var held: [String: Held] = [:]
        var missed: (@Sendable (String) -> Void)?
    }

    private let state = Mutex(State())
    private let changes = Atomic<Int>(0)

    public init() {}

    /// Another number whenever a key has come or gone.
    var version: Int { changes.load(ordering: .acquiring) }

    /// The key that a token names, and the Unix second until which it is relied on. To be asked for tokens that are seen
    /// for the first time: it takes a lock.
    func find(
        _ token: SignedToken, of issuer: String, at unixSeconds: Int64
    ) throws(TokenFault) -> (key: PublicKey, reliedOnUntil: Int64) {
        guard let held = state.withLock({ $0.held[issuer] }), held.reliedOnUntil > unixSeconds else {
            throw .unavailable
        }
        let named = held.keys.filter { token.keyID == nil || $0.description.id == token.keyID }
        let fitting = named.filter { $0.description.signs(with: token.algorithm) }
        if fitting.count == 1 { return (fitting[0], held.reliedOnUntil) }
        guard named.isEmpty || !fitting.isEmpty else { throw .algorithm }
        tellOfMissedKey(of: issuer, at: unixSeconds)
        throw .unknownKey
    }

    private func tellOfMissedKey(of issuer: String, at unixSeconds: Int64) {
        let missed = state.withLock { state -> (@Sendable (String) -> Void)? in
            guard let last = state.held[issuer]?.missedAt, last != unixSeconds else { return nil }
            state.held[issuer]?.missedAt = unixSeconds
            return state.missed
        }
        missed?(issuer)
    }

    /// - Parameter missed: called when a token names a key that is not here, at most once a second and issuer; on any
    ///   thread.
    func onMissedKey(_ missed: @escaping @Sendable (String) -> Void) { state.withLock { $0.missed = missed } }

    /// - Parameter keys: one that is no key is left out.
    func put(_ keys: JSONWebKeySet, of issuer: String, reliedOnUntil: Int64) {
        let fresh = keys.keys.compactMap { PublicKey($0) }
        let isChange = state.withLock { state in
            let before = state.held[issuer]?.keys.map(\.description)
            // The same objects, so that nobody verifies anew what was verified.
            if before == fresh.map(\.description) {
                state.held[issuer]?.reliedOnUntil = reliedOnUntil
                return false
            }
            state.held[issuer] = Held(
                keys: fresh, reliedOnUntil: reliedOnUntil, missedAt: state.held[issuer]?.missedAt ?? .min)
            return true
        }
        if isChange { changes.add(1, ordering: .releasing) }
    }

    func remove(_ issuer: String) {
        let isChange = state.withLock { $0.held.removeValue(forKey: issuer) != nil }
        if isChange { changes.add(1, ordering: .releasing) }
    }
}
