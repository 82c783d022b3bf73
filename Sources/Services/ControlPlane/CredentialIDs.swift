// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Which number stands for which cloud identity, for the life of a process.
///
/// An identity keeps its number over reloads, so that its token goes on being used. One that leaves takes the number
/// with it: it is never given to another, whatever still lies in some loop under it.
public struct CredentialIDs: Sendable {
    /// Identities that one process keeps tokens for.
    public static let identitiesMax = 1_000

    private var ids: [CloudIdentity: CredentialID] = [:]
    private var nextNumber: UInt32 = 1

    public init() {}

    subscript(identity: CloudIdentity) -> CredentialID? { ids[identity] }

    /// Gives every identity a number and forgets all others.
    /// - Parameter identities: in an order that depends on the configuration only.
    mutating func assign(_ identities: [CloudIdentity]) {
        var kept: [CloudIdentity: CredentialID] = [:]
        for identity in identities where kept[identity] == nil {
            kept[identity] = ids[identity] ?? take()
        }
        ids = kept
    }

    private mutating func take() -> CredentialID {
        defer { nextNumber += 1 }
        return CredentialID(nextNumber)
    }
}
