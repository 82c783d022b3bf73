// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CloudCredentials
internal import ResourceTypes
internal import Routing

/// What one loop has of the process's cloud credentials: the latest header lines and keys that the keeper published.
/// - Threading: confined to its loop.
final class CredentialStore {
    /// A key of AWS used for one region and service; the key for signing is derived once a day.
    private struct Use: Hashable {
        var id: CredentialID
        var region: String
        var service: String
    }

    private var lines: [CredentialID: [UInt8]] = [:]
    private var keys: [CredentialID: AWSCredential] = [:]
    private var signers: [Use: AWSSigner] = [:]
    private var lastEdition: UInt64 = 0

    /// - Parameter credential: `nil` when it has expired and could not be renewed.
    func publish(_ id: CredentialID, _ credential: CloudCredential?) {
        lines[id] = nil
        keys[id] = nil
        switch credential {
        case .headerLines(let secret): lines[id] = secret.withBytes { Array($0) + [13, 10] }
        case .aws(let key):
            keys[id] = key
            for (use, signer) in signers where use.id == id { signer.credential = key }
        case nil: break
        }
    }

    func isReady(_ id: CredentialID) -> Bool { lines[id] != nil || keys[id] != nil }

    /// Header lines with CRLFs.
    func headerLines(_ id: CredentialID) -> [UInt8]? { lines[id] }

    /// A number for a key or token at its place in some `CredentialSet`; none is given twice.
    func takeEdition() -> UInt64 {
        lastEdition += 1
        return lastEdition
    }

    func signer(_ id: CredentialID, region: String, service: String) -> AWSSigner? {
        guard let key = keys[id] else { return nil }
        let use = Use(id: id, region: region, service: service)
        if let signer = signers[use] { return signer }
        let signer = AWSSigner(credential: key, region: region, service: service)
        signers[use] = signer
        return signer
    }
}
