// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import ConfigurationFiles
import ControlPlane
import Routing

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate configuration files without running anything.",
        discussion: """
            Reads files as `isobar gateway` would, secrets and certificates included, and reports every problem with file,
            line, path, what is allowed and the nearest valid name.

            Examples: isobar check isobar.yaml
                      isobar check conf.d --output json
            Exit codes: 0 valid, 2 not valid.
            """)

    @Argument(help: "YAML files or directories.") var files: [String]
    @Option(help: "text or json.") var output: OutputFormat = .text

    func run() throws {
        switch ConfigurationLoader(paths: files, environment: Environment.all, hasAuditLog: true, hasLedger: true).reload(nil, at: .now) {
        case .unchanged: break
        case .accepted(let loaded):
            let snapshot = loaded.snapshot
            for warning in loaded.warnings { Terminal.note("\(warning)") }
            if output == .json {
                Terminal.print("{\"valid\": true, \"problems\": \(try loaded.warnings.json())}")
            } else {
                Terminal.print(
                    "Valid: \(snapshot.routes.count) routes, \(snapshot.endpoints.count) endpoints, "
                        + "\(snapshot.regions.count) regions, \(snapshot.keys.count) keys."
                )
            }
        case .rejected(let problems):
            if output == .json {
                Terminal.print("{\"valid\": false, \"problems\": \(try problems.json())}")
            } else {
                for problem in problems { Terminal.note("\(problem)") }
                Terminal.note("\(problems.count) problem\(problems.count == 1 ? "" : "s").")
            }
            throw ExitCode(2)
        }
    }
}
