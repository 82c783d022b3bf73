// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import Gateway
import Glibc
import Logging
import Telemetry

struct GatewayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Serve the API in front of the endpoints that a configuration names.",
        discussion: """
            The configuration is read again on SIGHUP and when a file changes; a bad one is refused with its reasons and
            the one in force stays. Cloud credentials are waited for before the port is opened, three seconds at most.
            SIGTERM or Ctrl-C stops accepting, finishes requests under way, then exits with 0.

            Examples: isobar gateway --config isobar.yaml
                      isobar gateway --config conf.d --listen 0.0.0.0:443 --tls-certificate chain.pem --tls-key key.pem
            Exit codes: 0 stopped as asked, 2 configuration refused, 1 anything else.
            """)

    @Option(name: .customLong("config"), help: "YAML file or directory. May be repeated.") var configurations: [String]
    @OptionGroup var options: GatewayOptions

    func run() throws {
        Signals.block()
        let log = try LogLevel.install(options.logLevel)
        let process: GatewayProcess
        do {
            process = try GatewayProcess(configurations: configurations, options: options, log: log)
        } catch let refused as ConfigurationRefused {
            Terminal.note(refused.description)
            throw ExitCode(2)
        }
        log.notice(
            "gateway is ready",
            metadata: [
                "listen": "\(options.listen.host):\(process.gateway.port)", "admin": "\(options.admin)",
                "pid": "\(getpid())",
            ])
        while true {
            switch Signals.wait() {
            case SIGHUP: process.requestReload()
            case SIGTERM, SIGINT:
                log.notice("draining", metadata: ["seconds_max": "\(options.drainSeconds)"])
                process.stop(within: options.drainSeconds)
                log.notice("stopped")
                return
            default: break
            }
        }
    }
}
