// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CloudCredentials
internal import ResourceTypes
internal import Routing
internal import WireFormats

/// The part of `GET /status` about cloud credentials: whether each is there, for how long, and why the last attempt to
/// get one failed.
enum CredentialDocument {
    static func make(_ reports: [LoopReport], _ credentials: [CredentialStatus]) -> [JSONValue] {
        let newest = reports.map(\.snapshot).max { $0.version < $1.version }
        return credentials.map { credential in
            .object([
                ("source", .string(credential.summary)),
                ("endpoints", .array((newest?.endpoints(using: credential.id) ?? []).map { .string($0) })),
                ("is_held", .bool(credential.isHeld)),
                ("expires_in_seconds", credential.expiresIn.map { .integer(Int($0.seconds)) } ?? .null),
                ("failures", .integer(credential.failures)),
                ("last_error", credential.lastError.map { .string($0) } ?? .null),
            ])
        }
    }
}

extension RoutingSnapshot {
    /// Names of those that list the identity among their credentials.
    fileprivate func endpoints(using id: CredentialID) -> [String] {
        endpoints.filter { endpoint in
            endpoint.address.credentials.contains { record in
                guard case .dynamic(let used, _) = record else { return false }
                return used == id
            }
        }.map(\.name)
    }
}
