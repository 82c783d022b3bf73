// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import FoundationEssentials
import LiteLLMConfiguration

/// How an import tells what it did.
enum ImportReport {
    /// One line a finding with its hint, then the sums.
    static func text(_ imported: ImportedConfiguration) -> String {
        let lines = imported.findings.map(\.description)
        return (lines + [summary(imported)]).joined(separator: "\n")
    }

    private static func summary(_ imported: ImportedConfiguration) -> String {
        let counts = ImportFinding.Kind.allCases.map { kind in imported.findings.count { $0.kind == kind } }
        return "\(imported.routeCount) routes, \(imported.endpointCount) endpoints; \(counts[0]) to do, "
            + "\(counts[1]) different, \(counts[2]) without counterpart."
    }

    private struct Document: Encodable {
        /// All documents as YAML; absent when they went to `file`.
        var documents: String?
        var file: String?
        var findings: [ImportFinding]
    }

    static func json(_ imported: ImportedConfiguration, savedTo file: String?) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let document = Document(
            documents: file == nil ? imported.text : nil, file: file, findings: imported.findings)
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    }

    /// Says why there is nothing to import.
    static func refuse(_ problems: [ConfigurationProblem], _ output: OutputFormat) throws {
        if output == .json {
            Terminal.print("{\"valid\": false, \"problems\": \(try problems.json())}")
        } else {
            for problem in problems { Terminal.note("\(problem)") }
        }
    }
}
