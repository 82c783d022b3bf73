// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CloudCredentials
internal import ResourceTypes
internal import Routing

/// The credentials of one endpoint address as one loop uses them: which one is next, and what it adds to a head.
///
/// The first that was not refused lately is taken. One that is refused, or whose quota is used up, is left alone for a
/// while and the next one used, for the same request if there is one.
///
/// Each key and each token has an edition. An answer says something about the edition its request was sent with: a
/// refusal that arrives when a fresh one is already there must not be held against that.
/// - Threading: confined to its loop.
final class CredentialSet {
    private let records: [CredentialRecord]
    private let store: CredentialStore
    private var rotation: CredentialRotation
    /// By position; what no other key or token of this loop ever had.
    private var editions: [UInt64]
    /// Complete header lines of those that stand in the configuration.
    private let fixedLines: [[UInt8]?]
    /// One of them was not there in the configuration before.
    private(set) var hasNew = false

    /// - Parameter previous: of the same address in the configuration before. What is known of a credential stays.
    init(_ records: [CredentialRecord], store: CredentialStore, inheriting previous: CredentialSet? = nil) {
        self.records = records
        self.store = store
        rotation = CredentialRotation(count: records.count)
        editions = []
        fixedLines = records.map { record in
            guard case .header(let secret) = record else { return nil }
            return secret.withBytes { Array($0) + [13, 10] }
        }
        for (index, record) in records.enumerated() {
            if let previous, let old = previous.records.firstIndex(where: { $0.isSame(as: record) }) {
                editions.append(previous.editions[old])
                rotation.cool(index, until: previous.rotation.pausedUntil(old))
            } else {
                editions.append(store.takeEdition())
                hasNew = true
            }
        }
    }

    // MARK: Choosing

    var isEmpty: Bool { records.isEmpty }

    /// There is something to send, or nothing is needed.
    var isReady: Bool { records.isEmpty || ready != 0 }

    /// - Returns: position of the credential to use; `nil` when there is nothing to send for any.
    func pick(now: Instant) -> Int? { rotation.pick(ready: ready, now: now) }

    func edition(at index: Int) -> UInt64 { editions[index] }

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

    // MARK: Learning

    /// What the endpoint thought of a credential.
    /// - Returns: whether another one, or a newer one, is there to try with at once.
    func failed(_ edition: UInt64, _ kind: FailureKind, pause: TimeSpan?, now: Instant) -> Bool {
        guard let usual = Self.pause(kind) else { return false }
        if let index = editions.firstIndex(of: edition) { rotation.cool(index, until: now + (pause ?? usual)) }
        return rotation.available(ready: ready, now: now) != nil
    }

    /// As long as an endpoint is left alone for the same reason: `FailureKind.coolDown`. `nil`: the failure says nothing
    /// about the credential.
    private static func pause(_ kind: FailureKind) -> TimeSpan? {
        switch kind {
        case .credential: .seconds(60)
        case .quotaExhausted: .seconds(3600)
        case .rateLimited: .seconds(1)
        default: nil
        }
    }

    /// Whose token it is; `nil` for a key of the configuration, and for what has been replaced.
    func identity(of edition: UInt64) -> CredentialID? {
        editions.firstIndex(of: edition).flatMap { identity(at: $0) }
    }

    private func identity(at index: Int) -> CredentialID? {
        if case .dynamic(let id, _) = records[index] { id } else { nil }
    }

    func uses(_ id: CredentialID) -> Bool { records.indices.contains { identity(at: $0) == id } }

    /// A fresh token has come: what was said about the old one no longer holds.
    func renewed(_ id: CredentialID) {
        for index in records.indices where identity(at: index) == id {
            rotation.renew(index)
            editions[index] = store.takeEdition()
        }
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

    /// Whether somebody repeats the key or token that he was sent. The secret half of a key that signs is not sent.
    func isRepeated(_ index: Int, in text: UnsafeRawBufferPointer) -> Bool {
        if let token = signer(index)?.credential.sessionToken { return token.withBytes { text.holds(bytes: $0) } }
        return withLines(index) { lines in
            // The value of the first line, without the word that names its scheme.
            let line = lines.prefix { $0 != 13 }
            let value = (line.lastIndex(of: 32)).map { line[($0 + 1)...] } ?? line[...]
            return text.holds(bytes: UnsafeRawBufferPointer(rebasing: value))
        } ?? false
    }
}

extension UnsafeRawBufferPointer {
    /// Whether `bytes` stand somewhere in here; never where there are none.
    fileprivate func holds(bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first, bytes.count <= count else { return false }
        for start in 0...(count - bytes.count) where self[start] == first {
            if self[start..<(start + bytes.count)].elementsEqual(bytes) { return true }
        }
        return false
    }
}
