// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import AuditLog
import AuditTrail
import ConfigurationFiles
import ResourceTypes
import WireFormats

struct AuditExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print the log's entries, one JSON object (OCSF) a line, verifying them.",
        discussion: """
            Times are the entries' own; `--to` is not included.

            Examples: isobar audit export audit-eu --from 2026-11-01 --to 2026-12-01 --tenant clinic > november.jsonl
            Exit codes: 0 printed and verified, 1 something is not as signed: do not use what was printed.
            """)

    @Argument(help: "The log's folder.") var folder: String
    @Option(help: "The first moment: a date or a time with zone.") var from: Moment?
    @Option(help: "The moment after the last.") var to: Moment?
    @Option(help: "Only entries about this tenant.") var tenant: String?
    @Option(help: "Whose signatures count (C2SP tlog-policy); without it FOLDER/policy.") var policy: String?

    func run() throws {
        let log = try PublishedLog(folder: folder)
        let verifier = LogVerifier<OpenSSLHash>(policy: try AuditFolder(folder).policy(policy), check: Ed25519.check) {
            log.read($0)
        }
        let first = from.map { $0.time.unixNanoseconds / 1_000_000 } ?? .min
        let end = to.map { $0.time.unixNanoseconds / 1_000_000 } ?? .max
        do throws(LogFault) {
            _ = try verifier.verify { _, bytes in
                guard let entry = try? JSONValue(parsing: bytes), let time = entry["time"]?.integerValue,
                    Int64(time) >= first, Int64(time) < end,
                    tenant == nil || entry["metadata"]?["tenant_uid"]?.stringValue == tenant
                else { return }
                Terminal.print(String(decoding: bytes, as: UTF8.self))
            }
        } catch {
            Terminal.note("NOT to be believed: \(error.description)")
            throw ExitCode(1)
        }
    }
}
