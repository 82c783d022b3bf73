// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import AuditLog
import AuditTrail

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Make an audit log; verify, prove and export what it says; forget a person.",
        discussion: """
            A log is a folder: a Merkle tree in C2SP's tlog-tiles format, which a gateway writes (`isobar gateway --audit
            FOLDER`) and anybody with the folder and the log's public key can verify, offline.
            """,
        subcommands: [
            AuditInitCommand.self, AuditVerifyCommand.self, AuditProveCommand.self, AuditCheckCommand.self,
            AuditExportCommand.self, AuditEraseCommand.self, AuditMeasureCommand.self,
        ])
}

struct AuditInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make the folder of a new log, with its signing key.",
        discussion: """
            Whoever verifies needs the folder's file `policy`, which names the public key; give it to them by another way
            than the log itself. The file `key` signs: keep it from everybody but the gateway (--key: elsewhere).

            Example: isobar audit init audit-eu --origin example.com/audit/eu
            Exit codes: 0 made, 1 not.
            """)

    @Argument(help: "The folder to make.") var folder: String
    @Option(help: "The log's name, a URL without scheme that is yours. It never changes.") var origin: String
    @Option(help: "Write the signing key to this file instead of FOLDER/key.") var key: String?

    func run() throws {
        let made = try AuditFolder(folder, key: key).create(origin: origin)
        let keyOption = key.map { " --audit-key \($0)" } ?? ""
        Terminal.print(
            """
            \(folder): a new log.
              public key  \(made.text)
              write       isobar gateway --audit \(folder)\(keyOption) …
              verify      isobar audit verify \(folder)
            """)
    }
}

struct AuditEraseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", abstract: "Delete a person's key, so that nobody can tell which entries were about them.",
        discussion: """
            Entries carry a person only as a keyed digest. Without the key it leads nowhere; entries, proofs and checkpoints
            stay valid. The erasure itself becomes an entry: written by the gateway that has the log open, or at once.
            The person is who callers name in `safety_identifier`, `user` or `metadata.user_id`.

            Example: isobar audit erase audit-eu anna@example.com --tenant clinic
            Exit codes: 0 erased, 3 nothing is known of this person, 1 anything else.
            """)

    @Argument(help: "The log's folder.") var folder: String
    @Argument(help: "The person, as callers name them.") var subject: String
    @Option(help: "The tenant whose person it is.") var tenant: String
    @Option(help: "The log's signing key, where it is not in the folder.") var key: String?

    func run() throws {
        let log = try LogLevel.install("error")
        // First, so that a wrong folder is not made into a database.
        _ = try PublishedLog(folder: folder)
        guard let handle = try AuditFolder(folder).subjectKeys().erase(subject, tenant: tenant) else {
            Terminal.note("\(folder) knows nobody of that name in tenant \(tenant).")
            throw ExitCode(3)
        }
        let isWritten = try AuditFolder(folder, key: key).recordErasures(log: log)
        Terminal.print(
            "erased: entries with the handle \(handle) are about nobody any more"
                + (isWritten ? "" : "; the gateway that writes this log notes it within a second"))
    }
}
