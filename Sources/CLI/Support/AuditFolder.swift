// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import AuditTrail
import ConfigurationFiles
import Glibc
import Logging
import ResourceTypes

/// The folder of an audit log, as verbs find their way in it.
struct AuditFolder {
    let path: String
    let keyPath: String
    /// Whom verifiers trust; a copy of it belongs to whoever verifies.
    var policyPath: String { "\(path)/policy" }

    struct Failure: Error, CustomStringConvertible { var description: String }

    /// - Parameter key: file of the signing key, where it is not in the folder.
    init(_ path: String, key: String? = nil) {
        self.path = path
        keyPath = key ?? "\(path)/key"
    }

    func signer() throws -> NoteSigner {
        let bytes: [UInt8]
        do {
            bytes = try BoundedFile.read(keyPath, bytesMax: 4_096)
        } catch {
            throw Failure(
                description: "cannot read the audit log's key \(keyPath): \(error); a new log is made with "
                    + "`isobar audit init \(path) --origin NAME`")
        }
        let text = String(decoding: bytes, as: UTF8.self).trimmingLineEnd
        guard let signer = NoteSigner(parsing: text) else {
            throw Failure(description: "\(keyPath) holds no signing key (PRIVATE+KEY+name+id+base64)")
        }
        return signer
    }

    /// Opens the log for writing.
    func recorder(log: Logger) throws -> AuditRecorder {
        let signer = try signer()
        return try AuditRecorder(
            folder: path, signer: signer, unixMilliseconds: { WallTime.now.unixNanoseconds / 1_000_000 }, log: log)
    }

    /// Where the log's own policy names witnesses and where they are.
    func cosigner(of recorder: AuditRecorder, log: Logger) throws -> Cosigner? {
        let policy = try policy(nil)
        guard policy.witnesses.contains(where: { $0.url != nil }) else { return nil }
        return try Cosigner(folder: path, policy: policy, recorder: recorder, log: log)
    }

    func subjectKeys() throws -> SubjectKeys { try SubjectKeys(path: "\(path)/\(SubjectKeys.fileName)") }

    /// Writes the erasures that the log does not say yet.
    /// - Returns: false when another process has the log open: it does that.
    func recordErasures(log: Logger) throws -> Bool {
        do {
            try recorder(log: log).close()
            return true
        } catch let error as LogFileError where error.doing == "lock" {
            return false
        }
    }

    /// Makes the folder, a key that only its owner can read, and a policy that trusts it.
    /// - Returns: the key that verifiers need.
    func create(origin: String) throws -> VerifierKey {
        guard let text = NoteSigner.newText(name: origin), let signer = NoteSigner(parsing: text) else {
            throw Failure(
                description: "\(origin) cannot be a log's name: it needs letters, and neither spaces nor +, "
                    + "e.g. example.com/audit/eu")
        }
        guard mkdir(path, 0o750) == 0 || errno == EEXIST else {
            throw Failure(description: "cannot make \(path): \(String(cString: strerror(errno)))")
        }
        try NewFile.write(text + "\n", to: keyPath, mode: 0o600)
        try NewFile.write("log \(signer.key.text)\nquorum none\n", to: policyPath)
        return signer.key
    }

    /// Makes the folder of a witness, which watches over no log yet.
    func createWitness(name: String) throws -> VerifierKey {
        guard let text = NoteSigner.newText(name: name, algorithm: .cosignature), let signer = NoteSigner(parsing: text)
        else {
            throw Failure(description: "\(name) cannot be a witness's name: it needs letters, and neither spaces nor +")
        }
        guard mkdir(path, 0o750) == 0 || errno == EEXIST else {
            throw Failure(description: "cannot make \(path): \(String(cString: strerror(errno)))")
        }
        try NewFile.write(text + "\n", to: keyPath, mode: 0o600)
        try NewFile.write("# log VERIFIER-KEY, one a line\n", to: "\(path)/logs")
        return signer.key
    }

    /// Whose checkpoints a witness takes.
    func watchedLogs() throws -> [VerifierKey] {
        let file = "\(path)/logs"
        let lines: [UInt8]
        do {
            lines = try BoundedFile.read(file, bytesMax: TrustPolicy.bytesMax / 2)
        } catch {
            throw Failure(description: "cannot read \(file): \(error)")
        }
        do {
            // A policy's log lines; what a policy needs besides is the same for every witness.
            return try TrustPolicy(parsing: lines + "\nquorum none\n".utf8, by: OpenSSLHash.self).logs.map(\.key)
        } catch {
            throw Failure(description: "\(file): \(error)")
        }
    }

    /// The log's own, or another that is to be trusted.
    func policy(_ file: String?) throws -> TrustPolicy { try TrustPolicy(file: file ?? policyPath) }
}

extension TrustPolicy {
    init(file path: String) throws {
        let bytes: [UInt8]
        do {
            bytes = try BoundedFile.read(path, bytesMax: TrustPolicy.bytesMax)
        } catch {
            throw AuditFolder.Failure(description: "cannot read the trust policy \(path): \(error)")
        }
        do {
            self = try TrustPolicy(parsing: bytes, by: OpenSSLHash.self)
        } catch {
            throw AuditFolder.Failure(description: "\(path): \(error)")
        }
    }
}

extension String {
    fileprivate var trimmingLineEnd: String { String(prefix { $0 != "\n" && $0 != "\r\n" && $0 != "\r" }) }
}
