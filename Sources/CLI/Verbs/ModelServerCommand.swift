// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import Glibc
import ModelServer
import Reactor
import Simulation

struct ModelServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model-server",
        abstract: "Run the reference model server: vLLM's API and metrics over a timing model, for tests and demos.",
        discussion: """
            Answers are made up, timing is not: prefill and decode rates come from published measurements of the chosen accelerator.
            The same seed and requests give the same answers. Faults are set over HTTP: PUT /faults.

            Examples: isobar model-server --listen 127.0.0.1:8000 --model demo
                      isobar model-server --profile llama2-70b-h100-tp8 --speed 10
                      curl -X PUT 127.0.0.1:8000/faults -d '{"rules":[{"kind":"status","status":503,"count":5}]}'
            """)

    @Option(help: "Address to listen on.") var listen = Address(literal: "127.0.0.1", port: 8000)
    @Option(help: "Model name to serve.") var model = "demo"
    @Option(help: "Timing profile; `list` prints them.") var profile = "tiny"
    @Option(help: "Requests that may wait before new ones are refused.") var queueMax = 256
    @Option(help: "Blocks of 16 tokens in the key-value cache; default: the profile's.") var kvBlocks: Int?
    @Option(help: "Seed of answers and faults.") var seed: UInt64 = 1
    @Option(help: "Run so many times faster than the measured accelerator.") var speed = 1.0

    @Flag(help: "Listen beyond loopback; it has neither TLS nor keys.") var insecure = false

    func validate() throws {
        guard listen.isLoopback || insecure else {
            throw ValidationError(
                "\(listen) is reachable from other machines, and this server has neither TLS nor keys: keep it on loopback, or "
                    + "give --insecure if something else protects it.")
        }
    }

    func run() throws {
        if profile == "list" {
            for profile in AcceleratorProfile.all { Terminal.print(profile.name) }
            return
        }
        guard let chosen = AcceleratorProfile.all.first(where: { $0.name == profile }) else {
            throw ValidationError(
                "No profile '\(profile)'; known: \(AcceleratorProfile.all.map(\.name).joined(separator: ", ")).")
        }
        Signals.block()
        signal(SIGPIPE, SIG_IGN)
        let loop = try EventLoop()
        let server = try ModelServer(
            configuration: ModelServerConfiguration(
                host: listen.host, port: listen.port, modelName: model, profile: chosen, queueMax: queueMax,
                kvBlocks: kvBlocks, seed: seed,
                speed: speed),
            loop: loop)
        let port = server.port
        let thread = try LoopThread(name: "model-server", loop: loop)
        Terminal.note("model server '\(model)' (\(chosen.name)) on http://\(listen.host):\(port)")
        while ![SIGTERM, SIGINT].contains(Signals.wait()) {}
        loop.stop()
        thread.join()
    }
}
