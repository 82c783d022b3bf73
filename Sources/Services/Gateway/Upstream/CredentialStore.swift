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

    func signer(_ id: CredentialID, region: String, service: String) -> AWSSigner? {
        guard let key = keys[id] else { return nil }
        let use = Use(id: id, region: region, service: service)
        if let signer = signers[use] { return signer }
        let signer = AWSSigner(credential: key, region: region, service: service)
        signers[use] = signer
        return signer
    }
}

/// The credentials of one endpoint address as one loop uses them: which one is next, and what it adds to a head.
///
/// The first that was not refused lately is taken. One that is refused, or whose quota is used up, is left alone for a
/// while and the next one used, for the same request if there is one.
/// - Threading: confined to its loop.
final class CredentialSet {
    private let records: [CredentialRecord]
    private let store: CredentialStore
    private var rotation: CredentialRotation
    /// Complete header lines of those that stand in the configuration.
    private let fixedLines: [[UInt8]?]

    init(_ records: [CredentialRecord], store: CredentialStore) {
        self.records = records
        self.store = store
        rotation = CredentialRotation(count: records.count)
        fixedLines = records.map { record in
            guard case .header(let secret) = record else { return nil }
            return secret.withBytes { Array($0) + [13, 10] }
        }
    }

    var isEmpty: Bool { records.isEmpty }

    /// - Returns: the credential to use; `nil` when there is nothing to send for any.
    func pick(now: Instant) -> Int? { rotation.pick(ready: ready, now: now) }

    private var ready: UInt8 {
        var mask: UInt8 = 0
        for index in records.indices where isReady(index) { mask |= 1 << UInt8(index) }
        return mask
    }

    private func isReady(_ index: Int) -> Bool {
        switch records[index] {
        case .header: true
        case .dynamic(let id, _): store.isReady(id)
        }
    }

    /// What the endpoint thought of a credential.
    /// - Returns: whether another one is there to try with at once.
    func failed(_ index: Int, _ kind: FailureKind, pause: TimeSpan?, now: Instant) -> Bool {
        guard records.indices.contains(index), let span = pause ?? Self.pause(kind) else { return false }
        rotation.cool(index, until: now + span)
        return rotation.pick(ready: ready, now: now).map { $0 != index } ?? false
    }

    /// As long as an endpoint is left alone for the same reason: `FailureKind.coolDown`.
    private static func pause(_ kind: FailureKind) -> TimeSpan? {
        switch kind {
        case .credential: .seconds(60)
        case .quotaExhausted: .seconds(3600)
        case .rateLimited: .seconds(1)
        default: nil
        }
    }

    /// Whose token it is; `nil` for a key of the configuration.
    func identity(of index: Int) -> CredentialID? {
        guard records.indices.contains(index), case .dynamic(let id, _) = records[index] else { return nil }
        return id
    }

    /// A fresh token has come: what was said about the old one no longer holds.
    func renewed(_ id: CredentialID) {
        for index in records.indices where identity(of: index) == id { rotation.renew(index) }
    }

    // MARK: What is sent

    /// Header lines with CRLFs.
    func withLines<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        if let fixed = fixedLines[index] { return fixed.withUnsafeBytes(body) }
        guard case .dynamic(let id, .headerLines) = records[index] else { return nil }
        return store.headerLines(id)?.withUnsafeBytes(body)
    }

    /// Signs instead of naming a key; `nil` for every other credential.
    func signer(_ index: Int) -> AWSSigner? {
        guard case .dynamic(let id, .awsSignature(let region, let service)) = records[index] else { return nil }
        return store.signer(id, region: region, service: service)
    }
}
