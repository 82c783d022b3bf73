// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import ControlPlane
import Policy
import ResourceTypes
import WireFormats

struct ResidencyCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Show for each tenant and endpoint whether data may go there, and why or why not.",
        discussion: """
            Keys appear where they demand more than their tenant. Secrets are not read.

            Examples: isobar residency check isobar.yaml
                      isobar residency check isobar.yaml --at 2033-01-01 --output json
            Exit codes: 0 shown, 2 not a valid configuration.
            """)

    @Argument(help: "YAML files or directories.") var files: [String]
    @Option(help: "The moment to answer for: a date or a time with zone.") var at = Moment.now
    @Option(help: "Only this tenant, or tenant/key.") var tenant: String?
    @Option(help: "text or json.") var output: OutputFormat = .text

    func run() throws {
        let (compiled, documents) = try ResidencyFiles.readPolicy(files, at: at.time)
        let report = ResidencyReport(compiled, documents, at: at.time, only: tenant)
        Terminal.print(output == .json ? report.json.text : report.text)
    }
}
