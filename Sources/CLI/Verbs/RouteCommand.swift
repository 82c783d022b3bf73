// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import Gateway
import WireFormats

struct RouteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route", abstract: "See how requests are routed.", subcommands: [Explain.self])

    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show each candidate, why it may or may not be used, its score, and the pick.",
            discussion: """
                The running gateway answers with what it knows at this moment.

                Examples: isobar route explain --model smollm2 --from azure-eastus
                          isobar route explain --model smollm2 --key eu-clinic
                          isobar route explain --model transcribe --language ta
                The same text comes with a request that carries the header `X-Isobar-Explain: 1`.
                """)

        @Option(help: "Public model name, as callers send it.") var model: String
        @Option(help: "Region of the caller.") var from: String?
        @Option(help: "Name of the Key it would come with; needed where a policy restricts where data goes.")
        var key: String?
        @Option(help: "Language of the request: a tag such as ta or hi-IN.") var language: String?
        @Option(help: "What is asked for, e.g. transcriptions. Without it, what the route can do first.")
        var operation: String?
        @Option(help: "Length of the prompt to assume, in tokens.") var promptTokens: Int = 200
        @OptionGroup var gateway: AdminOptions
        @Option(help: "text or json.") var output: OutputFormat = .text

        func run() throws {
            var target = "/explain?model=\(PercentEncoding.encoded(model))&prompt_tokens=\(promptTokens)"
            for (name, value) in [("region", from), ("language", language), ("operation", operation), ("key", key)] {
                if let value { target += "&\(name)=\(PercentEncoding.encoded(value))" }
            }
            let document = try gateway.client().document(target)
            switch output {
            case .json: Terminal.print(document.text)
            case .text: for line in document["lines"]?.arrayValue ?? [] { Terminal.print(line.stringValue ?? "") }
            }
        }
    }
}
