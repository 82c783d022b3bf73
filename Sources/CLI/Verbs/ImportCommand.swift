// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import ConfigurationFiles
import LiteLLMConfiguration

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Turn another gateway's configuration into documents.",
        subcommands: [LiteLLM.self])

    struct LiteLLM: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "litellm",
            abstract: "Turn a LiteLLM proxy's configuration into documents, and list what has no counterpart.",
            discussion: """
                Documents go to standard output, findings to standard error: what is left to do, what differs, what has
                no counterpart. Keys in the file are never copied. Values that `os.environ/NAME` stands for are looked
                up now, except secrets, which stay references.

                Examples: isobar import litellm config.yaml > isobar.yaml && isobar check isobar.yaml
                          isobar import litellm config.yaml --save isobar.yaml
                          isobar import litellm config.yaml --output json
                Exit codes: 0 documents written, 2 not a configuration that can be read, 1 anything else.
                """)

        @Argument(help: "The proxy's config.yaml.") var file: String
        @Option(help: "Write the documents to this file, which must not exist, instead of standard output.")
        var save: String?
        @Option(help: "text or json; json is one object with documents and findings.") var output: OutputFormat = .text

        func run() throws {
            let imported: ImportedConfiguration
            do {
                imported = try read()
            } catch let problems as ConfigurationProblems {
                try ImportReport.refuse(problems.all, output)
                throw ExitCode(2)
            }
            if let save { try NewFile.write(imported.text, to: save) }
            switch output {
            case .json: Terminal.print(try ImportReport.json(imported, savedTo: save))
            case .text:
                if save == nil { Terminal.write(imported.text, to: 1) }
                Terminal.note(ImportReport.text(imported))
            }
        }

        private func read() throws -> ImportedConfiguration {
            let files = try ConfigurationReader.files(at: [file])
            guard files.count == 1, let only = files.first else {
                throw ConfigurationProblems([
                    ConfigurationProblem(file: file, message: "\(files.count) files; one is imported at a time")
                ])
            }
            let imported = LiteLLMImport.translate(try YAMLTree.read(only), environment: Environment.all)
            guard imported.routeCount > 0 else {
                let findings = imported.findings.map { ConfigurationProblem($0) }
                throw ConfigurationProblems(
                    findings + [
                        ConfigurationProblem(
                            file: file, message: "no entry of model_list could be translated",
                            hint: "is this a LiteLLM proxy's config.yaml?")
                    ])
            }
            return imported
        }
    }
}

extension ConfigurationProblem {
    fileprivate init(_ finding: ImportFinding) {
        self.init(
            severity: .warning, file: finding.location.file, line: finding.location.line,
            column: finding.location.column, path: finding.path.isEmpty ? nil : finding.path,
            message: finding.message, hint: finding.hint)
    }
}
