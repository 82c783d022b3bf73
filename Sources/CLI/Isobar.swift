// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser

@main
struct Isobar: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "isobar", abstract: "One API in front of every model, wherever it runs.")
}
