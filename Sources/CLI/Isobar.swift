// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser

@main
struct Isobar: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "isobar",
        abstract: "One API in front of every model, wherever it runs.",
        discussion: """
            Try it:           isobar up
            Your own config:  isobar check isobar.yaml && isobar gateway --config isobar.yaml
            Are they well:    isobar doctor isobar.yaml
            Coming over:      isobar import litellm config.yaml > isobar.yaml
            Look inside:      isobar status;  isobar route explain --model MODEL
            A caller's key:   isobar key new NAME --tenant TENANT
            Who may go where: isobar residency check isobar.yaml
            What happened:    isobar audit verify FOLDER;  isobar audit prove FOLDER REQUEST-ID

            Shell completion: isobar --generate-completion-script bash|zsh|fish
            """,
        version: "0.1.0",
        subcommands: [
            UpCommand.self, GatewayCommand.self, CheckCommand.self, DoctorCommand.self, ImportCommand.self,
            StatusCommand.self, KeyCommand.self,
            RouteCommand.self, ResidencyCommand.self, AuditCommand.self, WitnessCommand.self,
            ModelServerCommand.self,
        ])
}
