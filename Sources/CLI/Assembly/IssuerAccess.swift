// SPDX-License-Identifier: Apache-2.0
// Isobar

import ControlPlane
import Identity
import Logging
import ResourceTypes

/// The process's keeper of token issuers' keys.
///
/// A gateway that listens before the first keys are there would turn bearers of good tokens away, so they are waited for,
/// within bounds: an issuer that is down must not keep everybody else from being served.
final class IssuerAccess: Sendable {
    let keys = IssuerKeys()
    private let keeper: IssuerKeeper

    private static let firstSecondsMax = 3

    init(_ loaded: ConfigurationLoader.Loaded, log: Logger) throws {
        keeper = try IssuerKeeper(keys: keys, unixSeconds: { WallTime.now.unixNanoseconds / 1_000_000_000 }, log: log)
        let settled = OneShot<Void>()
        keeper.follow(Self.sources(loaded)) { settled.fulfil(()) }
        _ = settled.wait(seconds: Self.firstSecondsMax)
    }

    func follow(_ loaded: ConfigurationLoader.Loaded) { keeper.follow(Self.sources(loaded)) }

    var statuses: [IssuerStatus] { keeper.statuses }
    func stop() { keeper.stop() }

    private static func sources(_ loaded: ConfigurationLoader.Loaded) -> [IssuerSource] {
        loaded.issuers.map { IssuerSource($0.issuer, keys: $0.keys) }
    }
}
