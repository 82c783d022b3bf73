// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import ConfigurationFiles
import ControlPlane
import Reactor
import ResourceTypes

/// How a verb reaches a running gateway's admin port.
struct AdminOptions: ParsableArguments {
    @Option(help: "Admin address of the gateway.") var admin = Address.defaultAdmin
    @Option(help: "Where your token is, env:NAME or file:PATH; needed where roles are bound.") var token: String?
    @Option(help: "Connect with TLS; the certificate must be for this name.") var tlsName: String?
    @Option(help: "PEM file with the authorities to trust instead of the system's.") var tlsAuthority: String?

    func validate() throws {
        guard tlsAuthority == nil || tlsName != nil else {
            throw ValidationError("--tls-authority goes with --tls-name.")
        }
        if let token, SecretReference(token, besides: "") == nil {
            throw ValidationError(
                "--token is env:NAME or file:PATH: a token in a command line is seen by everybody on the host.")
        }
    }

    func client() throws -> AdminClient {
        let secret = try token.flatMap { SecretReference($0, besides: "") }.map {
            do throws(SecretResolver.Refusal) {
                return try SecretResolver(environment: Environment.all).resolve($0)
            } catch { throw ValidationError("The token: \(error).") }
        }
        let tls = try tlsName.map { AdminClient.TLS(name: $0, context: try TLSContext(trusting: tlsAuthority)) }
        return AdminClient(address: admin, token: secret, tls: tls)
    }
}
