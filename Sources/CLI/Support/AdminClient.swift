// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import PlainHTTP
import Reactor
import ResourceTypes
import WireFormats

/// A running gateway's admin port, from the command line's side.
struct AdminClient {
    struct TLS {
        /// In the certificate.
        let name: String
        let context: TLSContext
    }

    let address: Address
    var token: Secret?
    var tls: TLS?

    private static let timeoutNanoseconds: Int64 = 5_000_000_000

    private var authorization: [UInt8] {
        token.map { token in Array("authorization: Bearer ".utf8) + token.withBytes { Array($0) } + [13, 10] } ?? []
    }

    /// Fetches a JSON document. Blocks until it is there.
    /// - Throws: a message that says what to check when nothing answers.
    func document(_ target: String) throws -> JSONValue {
        let loop = try EventLoop()
        var outcome: Result<HTTPClientResponse, HTTPClientFailure>?
        HTTPClient.fetch(
            HTTPClientRequest("GET", target, host: tls?.name ?? address.description, lines: authorization),
            from: HTTPClient.Server(address: address.socket, tls: tls?.context, name: tls?.name), loop: loop,
            timeoutNanoseconds: Self.timeoutNanoseconds
        ) { result in
            outcome = result
            loop.stop()
        }
        if outcome == nil { loop.run() }
        switch outcome {
        case .success(let answer):
            guard let value = try? JSONValue(parsing: answer.body) else {
                throw ValidationError(
                    "The answer from http://\(address)\(target) is not JSON. Is this an Isobar admin port?")
            }
            if answer.status == 401, token == nil {
                throw ValidationError("The gateway wants to know who asks: give --token env:NAME or file:PATH.")
            }
            guard answer.status == 200 else {
                throw ValidationError(value["error"]?["message"]?.stringValue ?? "HTTP \(answer.status)")
            }
            return value
        case .failure(let failure):
            throw ValidationError(
                "No answer from http://\(address): \(failure). Is the gateway running, and is --admin its admin address?"
            )
        case nil:
            throw ValidationError("No answer from http://\(address).")
        }
    }
}
