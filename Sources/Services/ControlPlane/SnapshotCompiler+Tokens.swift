// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Access
internal import ConfigurationFiles
internal import ResourceTypes
internal import Routing

extension SnapshotCompiler {
    /// - Parameter keys: of the same resources; a token stands for a position in them.
    mutating func compileTokenRules(_ keys: [KeyRecord]) -> [TokenRules] {
        let positions = Dictionary(keys.enumerated().map { ($1.name, $0) }) { first, _ in first }
        var holders: [String: String] = [:]
        return resources.tokenIssuers.compactMap { issuer in
            if let holder = holders.updateValue(issuer.name, forKey: issuer.issuer) {
                refuse(
                    ResourceName(.tokenIssuer, issuer.name), "spec.issuer", "TokenIssuer \(holder) is the same issuer",
                    hint: "join them; Keys tell the bearers apart")
                return nil
            }
            let matches = resources.keys.flatMap { key in
                key.tokens.filter { $0.issuer == issuer.name }.compactMap { match in
                    positions[key.name].map {
                        TokenRules.Match(
                            claims: match.claims, key: $0, expiresAtUnixSeconds: key.expiresAtUnixSeconds)
                    }
                }
            }
            return TokenRules(
                name: issuer.name, issuer: issuer.issuer, audiences: Set(issuer.audiences),
                algorithms: Set(issuer.algorithms.compactMap { TokenAlgorithm(rawValue: $0) }),
                lifetimeSecondsMax: issuer.lifetimeMax.nanoseconds / 1_000_000_000, matches: matches)
        }
    }
}
