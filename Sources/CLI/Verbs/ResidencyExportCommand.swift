// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import ControlPlane
import Policy
import ResourceTypes
import Routing
import WireFormats

struct ResidencyExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the rules in another engine's language.",
        subcommands: [Cedar.self])

    struct Cedar: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the residency rules as Cedar policies, one set per regime.",
            discussion: """
                A request asks one thing: may data of this profile (principal) be in this place (resource) for this facet
                (action), given classes, purpose, processor, time and retention (context). An endpoint is admissible when
                every place of every facet is allowed by every regime in force. With --questions, requests and our answers
                come along, so that anyone can compare.

                Examples: isobar residency export cedar isobar.yaml
                          isobar residency export cedar isobar.yaml --output json --questions 10000
                """)

        @Argument(help: "YAML files or directories.") var files: [String]
        @Option(help: "Questions to draw, with our answers; in JSON only.") var questions = 0
        @Option(help: "Of the draw: the same seed gives the same questions.") var seed: UInt64 = 1
        @Option(help: "Earliest moment asked about.") var at = Moment.now
        @Option(help: "text or json.") var output: OutputFormat = .text

        func run() throws {
            let (compiled, documents) = try ResidencyFiles.readPolicy(files, at: at.time)
            let policies = CedarExport.policies(documents)
            guard output == .json else {
                for (regime, text) in policies { Terminal.print("// Regime \(regime)\n\n\(text)") }
                return
            }
            var random = SplitMix64(seed: seed)
            let drawn = CedarSampler(
                documents, profiles: compiled.policy.profiles, endpoints: compiled.policy.endpoints, from: at.time
            ).questions(max(0, questions), using: &random)
            let document = CedarDocument(policies: policies, profiles: compiled.policy.profiles, questions: drawn)
            Terminal.print(document.json.text)
        }
    }
}
