// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import Glibc
import WireFormats

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show endpoints, latencies, shares and spend of a running gateway.",
        discussion: """
            In a terminal the table redraws every second until Ctrl-C; into a pipe it is printed once.

            Examples: isobar status
                      isobar status --once --output json
            """)

    @OptionGroup var gateway: AdminOptions
    @Option(help: "text or json.") var output: OutputFormat = .text
    @Flag(help: "Print once and exit.") var once = false

    func run() throws {
        let client = try gateway.client()
        var previous: StatusTable.Sample?
        while true {
            let document = try client.document("/status")
            if output == .json {
                Terminal.print(document.text)
                return
            }
            let sample = StatusTable.Sample(document)
            let text = StatusTable.text(sample, since: previous)
            if once || !Terminal.isInteractive {
                Terminal.print(text)
                return
            }
            Terminal.redraw(text + "\n\nEvery second. Ctrl-C ends.")
            previous = sample
            sleep(1)
        }
    }
}
