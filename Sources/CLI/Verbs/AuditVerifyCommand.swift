// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import AuditLog
import AuditTrail
import ConfigurationFiles
import WireFormats

struct AuditVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check every entry, tile and signature of a log, from its files alone.",
        discussion: """
            Keep a copy of FOLDER/checkpoint where the log's owner cannot reach it and give it with --seen the next time:
            then entries that were taken away, or another past, show as well.

            Examples: isobar audit verify audit-eu
                      isobar audit verify audit-eu --policy trusted-policy --seen last-checkpoint --output json
            Exit codes: 0 all is as signed, 1 something is not, or cannot be read.
            """)

    @Argument(help: "The log's folder.") var folder: String
    @Option(help: "Whose signatures count (C2SP tlog-policy); without it FOLDER/policy.") var policy: String?
    @Option(help: "A checkpoint seen earlier, which the log must continue.") var seen: String?
    @Option(help: "text or json.") var output: OutputFormat = .text

    func run() throws {
        let log = try PublishedLog(folder: folder)
        var verifier = LogVerifier<OpenSSLHash>(policy: try AuditFolder(folder).policy(policy), check: Ed25519.check) {
            log.read($0)
        }
        verifier.seen = try seen.map { try Self.checkpoint($0) }
        do throws(LogFault) {
            let report = try verifier.verify { index, _ in
                if index % 10_000 == 0 { Terminal.progress("entry \(index) of \(log.checkpoint.size)") }
            }
            Terminal.progress("")
            Terminal.print(output == .json ? json(report).text : text(report))
        } catch {
            Terminal.progress("")
            refuse(error)
            throw ExitCode(1)
        }
    }

    static func checkpoint(_ path: String) throws -> Checkpoint {
        let bytes = try BoundedFile.read(path, bytesMax: 256 << 10)
        guard let note = try? SignedNote(parsing: bytes), let checkpoint = Checkpoint(parsing: note.text) else {
            throw AuditFolder.Failure(description: "\(path) is no checkpoint")
        }
        return checkpoint
    }

    private func refuse(_ fault: LogFault) {
        guard output == .json else {
            return Terminal.note("NOT to be believed: \(fault.description)")
        }
        Terminal.print(
            JSONValue.object([
                ("verified", .bool(false)), ("fault", .string(fault.description)),
            ]).text)
    }

    private func text(_ report: LogVerifier<OpenSSLHash>.Report) -> String {
        let open = report.openRequests == 0 ? "" : ", \(report.openRequests) requests under way"
        let witnesses =
            report.witnessed.map { ", seen up to \($0.checkpoint.size) by \($0.witnesses.joined(separator: ", "))" }
            ?? ", no witness"
        return """
            verified: \(report.checkpoint.size) entries of \(report.checkpoint.origin)\(open)\(witnesses)
            root \(report.checkpoint.root.base64)
            """
    }

    private func json(_ report: LogVerifier<OpenSSLHash>.Report) -> JSONValue {
        .object([
            ("verified", .bool(true)), ("origin", .string(report.checkpoint.origin)),
            ("size", .integer(Int(clamping: report.checkpoint.size))),
            ("root", .string(report.checkpoint.root.base64)),
            ("open_requests", .integer(report.openRequests)),
            ("witnessed_size", .integer(Int(clamping: report.witnessed?.checkpoint.size ?? 0))),
            ("witnesses", .array((report.witnessed?.witnesses ?? []).map { .string($0) })),
        ])
    }
}
