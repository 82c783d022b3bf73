// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import ConfigurationFiles
import ControlPlane
import Policy
import ResourceTypes
import WireFormats

struct ResidencyDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show every pair of tenant and endpoint that a change newly allows or refuses, with an example.",
        discussion: """
            Complete: all pairs, at every moment from now on at which a rule of either side begins or ends.

            Example: isobar residency diff deployed.yaml proposed.yaml
            Exit codes: 0 no difference, 1 differences, 2 not a valid configuration.
            """)

    @Argument(help: "The configuration as it is: a file or directory.") var old: String
    @Argument(help: "The configuration as it would be.") var new: String
    @Option(help: "Compare from this moment on: a date or a time with zone.") var at = Moment.now
    @Option(help: "text or json.") var output: OutputFormat = .text

    func run() throws {
        let differences = ResidencyDifference.all(
            from: try ResidencyFiles.read([old], at: at.time), to: try ResidencyFiles.read([new], at: at.time),
            at: at.time)
        switch output {
        case .json: Terminal.print(JSONValue.array(differences.map(\.json)).text)
        case .text:
            for difference in differences { Terminal.print(difference.text) }
            let opened = differences.count(where: \.isNewlyAllowed)
            Terminal.note("\(opened) newly allowed, \(differences.count - opened) newly refused.")
        }
        if !differences.isEmpty { throw ExitCode(1) }
    }
}

extension ResidencyDifference {
    fileprivate var text: String {
        """
        \(isNewlyAllowed ? "+" : "-") \(holder) → \(endpoint), at \(at.text)
            was \(old.text)
            now \(new.text)
        """
    }

    fileprivate var json: JSONValue {
        .object([
            ("change", .string(isNewlyAllowed ? "allowed" : "refused")), ("holder", .string(holder)),
            ("endpoint", .string(endpoint)), ("at", .string(at.text)), ("old", .string(old.text)),
            ("new", .string(new.text)),
        ])
    }
}

extension ResidencyDifference.Answer {
    fileprivate var text: String {
        switch self {
        case .absent: "not there"
        case .unrestricted: "allowed: no policy"
        case .verdict(.permit(let witness)): "allowed: \(witness)"
        case .verdict(.deny(let refutation)): "refused: \(refutation)"
        }
    }
}
