// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import AuditLog
import AuditTrail
import ConfigurationFiles
import WireFormats

struct AuditProveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove", abstract: "Write what the log says of a request, with proofs that anybody can check.",
        discussion: """
            For each entry two files: UID.json, the entry, and UID.tlog-proof, that it is in the log (C2SP tlog-proof).
            `isobar audit check` checks them, as does any other tool for the format; neither needs the log.

            Examples: isobar audit prove audit-eu 5bd3c1a09e2f4471
                      isobar audit prove audit-eu 5bd3c1a09e2f4471 --directory evidence
            Exit codes: 0 written, 3 no such request in the log, 1 anything else.
            """)

    @Argument(help: "The log's folder.") var folder: String
    @Argument(help: "The answer's header x-isobar-request-id.") var request: String
    @Option(help: "Where to write the files.") var directory = "."
    @Option(help: "text or json.") var output: OutputFormat = .text

    func validate() throws {
        guard request.utf8.count == 16, UInt64(request, radix: 16) != nil else {
            throw ValidationError("\(request) is no request id: 16 hexadecimal digits, from x-isobar-request-id.")
        }
    }

    func run() throws {
        let log = try PublishedLog(folder: folder)
        let found = log.entries(ofRequest: request.lowercased())
        guard !found.isEmpty else {
            Terminal.note(
                "No request \(request) among the \(log.checkpoint.size) entries of \(log.checkpoint.origin). "
                    + "The newest ones come into the log within a second.")
            throw ExitCode(3)
        }
        let reader = log.reader
        var rows: [JSONValue] = []
        for (index, bytes) in found {
            guard let path = reader.inclusion(of: index) else {
                throw AuditFolder.Failure(
                    description: "a tile for entry \(index) is missing: isobar audit verify \(folder)")
            }
            let proof = ProofFile(index: index, proof: path, checkpoint: log.note)
            rows.append(try write(proof, bytes))
        }
        Terminal.print(output == .json ? JSONValue.array(rows).text : text(rows))
    }

    private func write(_ proof: ProofFile, _ bytes: [UInt8]) throws -> JSONValue {
        let entry = try JSONValue(parsing: bytes)
        let name = entry["metadata"]?["uid"]?.stringValue ?? "\(proof.index)"
        let files = ["\(directory)/\(name).json", "\(directory)/\(name).tlog-proof"]
        try NewFile.write(bytes, to: files[0])
        try NewFile.write(proof.bytes, to: files[1])
        return .object([
            ("index", .integer(Int(clamping: proof.index))), ("entry", .string(files[0])), ("proof", .string(files[1])),
            ("phase", entry["unmapped"]?["isobar"]?["phase"] ?? .null),
            ("endpoint", entry["dst_endpoint"]?["uid"] ?? .null),
            ("outcome", entry["unmapped"]?["isobar"]?["outcome"] ?? .null),
        ])
    }

    private func text(_ rows: [JSONValue]) -> String {
        var table = Table([("INDEX", true), ("PHASE", false), ("OUTCOME", false), ("ENDPOINT", false), ("PROOF", false)])
        for row in rows {
            table.append([
                "\(row["index"]?.integerValue ?? 0)", row["phase"]?.stringValue ?? "",
                row["outcome"]?.stringValue ?? "", row["endpoint"]?.stringValue ?? "", row["proof"]?.stringValue ?? "",
            ])
        }
        return table.text
    }
}

struct AuditCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check that an entry is in a log, from its proof alone.",
        discussion: """
            Example: isobar audit check 5bd3c1a09e2f4471-1i.json 5bd3c1a09e2f4471-1i.tlog-proof --policy trusted-policy
            Exit codes: 0 it is, 1 it is not, or a file cannot be read.
            """)

    @Argument(help: "The entry.") var entry: String
    @Argument(help: "Its proof.") var proof: String
    @Option(help: "Whose signatures count (C2SP tlog-policy).") var policy: String

    func run() throws {
        let trust = try TrustPolicy(file: policy)
        let bytes = try BoundedFile.read(entry, bytesMax: EntryBundle.entryBytesMax)
        guard let file = ProofFile(parsing: try BoundedFile.read(proof, bytesMax: ProofFile.bytesMax)) else {
            throw AuditFolder.Failure(description: "\(proof) is no proof (C2SP tlog-proof)")
        }
        do throws(ProofFile.Fault) {
            let verdict = try file.verify(bytes, policy: trust, by: OpenSSLHash.self, Ed25519.check)
            Terminal.print("proven: entry \(file.index) of \(verdict.checkpoint.origin)")
        } catch {
            Terminal.note("NOT proven: \(error)")
            throw ExitCode(1)
        }
    }
}
