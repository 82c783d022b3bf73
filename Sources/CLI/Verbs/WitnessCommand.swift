// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import AuditLog
import AuditTrail
import Glibc
import Logging
import Reactor
import ResourceTypes

struct WitnessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness",
        abstract: "Watch over audit logs of others: cosign each checkpoint that continues the one before.",
        discussion: """
            A log's owner can rewrite a log that nobody else has seen. A witness, run by somebody else in another cloud, sees
            a name, a number and a hash (never an entry) and signs that it was shown one past only (C2SP tlog-witness).
            """,
        subcommands: [WitnessInitCommand.self, WitnessRunCommand.self])
}

struct WitnessInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a witness's folder, with its signing key.",
        discussion: """
            Prints the line by which logs name this witness in their file `policy`.

            Example: isobar witness init witness-gcp --name example.com/witness/gcp
            Exit codes: 0 made, 1 not.
            """)

    @Argument(help: "The folder to make.") var folder: String
    @Option(help: "The witness's name, a URL without scheme that is yours. It never changes.") var name: String

    func run() throws {
        let key = try AuditFolder(folder).createWitness(name: name)
        Terminal.print(
            """
            \(folder): a new witness.
              for policies of logs  witness SHORT-NAME \(key.text) https://WHERE-IT-RUNS
              watch over logs       add `log VERIFIER-KEY` to \(folder)/logs
              run                   isobar witness run \(folder) --listen 127.0.0.1:8090
            """)
    }
}

struct WitnessRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Answer logs that ask for cosignatures.",
        discussion: """
            The logs it knows are in FOLDER/logs, one `log VERIFIER-KEY` a line; changes are read at the next start.

            Examples: isobar witness run witness-gcp --listen 127.0.0.1:8090
                      isobar witness run witness-gcp --listen 0.0.0.0:443 --tls-certificate chain.pem --tls-key key.pem
            Exit codes: 0 stopped as asked, 1 anything else.
            """)

    @Argument(help: "The witness's folder.") var folder: String
    @Option(help: "Address to listen on.") var listen = Address(literal: "127.0.0.1", port: 8090)
    @Option(help: "PEM certificate chain for the listener.") var tlsCertificate: String?
    @Option(help: "PEM key of the certificate.") var tlsKey: String?
    @Flag(help: "Listen beyond loopback without TLS.") var insecure = false

    func validate() throws {
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key go together.")
        }
        guard listen.isLoopback || tlsCertificate != nil || insecure else {
            throw ValidationError(
                "\(listen) is reachable from other machines: give --tls-certificate and --tls-key, "
                    + "or --insecure if something else protects it.")
        }
    }

    func run() throws {
        Signals.block()
        signal(SIGPIPE, SIG_IGN)
        let log = try LogLevel.install("info")
        let loop = try EventLoop()
        let home = AuditFolder(folder)
        let signer = try home.signer()
        guard signer.key.algorithm == .cosignature else {
            throw AuditFolder.Failure(description: "\(home.keyPath) signs a log; make a witness's with `isobar witness init`")
        }
        var tls: TLSContext?
        if let tlsCertificate, let tlsKey { tls = try TLSContext(certificateFile: tlsCertificate, keyFile: tlsKey) }
        let witness = try WitnessServer(
            folder: folder + "/state", signer: signer, logs: try home.watchedLogs(), loop: loop,
            unixSeconds: { UInt64(WallTime.now.unixNanoseconds / 1_000_000_000) }, log: log)
        let port = try witness.listen(on: listen.socket, tls: tls)
        let thread = try LoopThread(name: "witness", loop: loop)
        log.notice("witness is ready", metadata: ["listen": "\(listen.host):\(port)", "name": "\(signer.key.name)"])
        while ![SIGTERM, SIGINT].contains(Signals.wait()) {}
        loop.stop()
        thread.join()
        witness.close()
    }
}
