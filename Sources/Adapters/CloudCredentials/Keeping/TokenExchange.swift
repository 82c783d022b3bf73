// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import PlainHTTP
internal import Reactor
internal import ResourceTypes

/// One question to a service that issues credentials: name, connection, answer.
///
/// An address that cannot be connected to, or is silent, is followed by the next one: a token more or less does no harm.
/// Redirects are not followed: what is sent must not go elsewhere.
/// - Limits: `addressesMax` addresses, `timeoutNanoseconds` each, `bodyBytesMax` of answer.
final class TokenExchange: @unchecked Sendable {
    // Proof of @unchecked: touched on the loop's thread only; the lookup's thread merely carries it back there.
    typealias Completion = (Result<TokenAnswer, CredentialError>) -> Void

    private let request: TokenRequest
    private let loop: EventLoop
    private let tls: TLSContext
    private let unixSeconds: () -> Int64
    private var completion: Completion?
    private var connection: HTTPClient?
    private var addresses: ArraySlice<SocketAddress> = []

    static let addressesMax = 3
    static let timeoutNanoseconds: Int64 = 10_000_000_000
    static let bodyBytesMax = 256 * 1024

    /// - Parameters:
    ///   - unixSeconds: our clock.
    ///   - completion: called once, unless `cancel` came first; possibly before this returns.
    init(
        _ request: TokenRequest, loop: EventLoop, tls: TLSContext, unixSeconds: @escaping () -> Int64,
        completion: @escaping Completion
    ) {
        self.request = request
        self.loop = loop
        self.tls = tls
        self.unixSeconds = unixSeconds
        self.completion = completion
    }

    func begin(_ lookup: NameLookup) {
        lookup.addresses(of: request.url.host, port: request.url.port, home: loop) { found in
            guard self.completion != nil else { return }
            switch found {
            case .success(let addresses):
                self.addresses = addresses.prefix(Self.addressesMax)
                self.connect()
            case .failure(let error):
                self.finish(.failure(self.unreachable("\(error)")))
            }
        }
    }

    func cancel() {
        completion = nil
        connection?.cancel()
        connection = nil
    }

    private func connect() {
        guard let address = addresses.popFirst() else { return finish(.failure(unreachable("no address"))) }
        let url = request.url
        let message = HTTPClientRequest(
            request.method, url.target, host: url.authority, fields: request.fields, body: request.body)
        let server = HTTPClient.Server(address: address, tls: url.isTLS ? tls : nil, name: url.host)
        connection = HTTPClient.fetch(
            message, from: server, loop: loop, timeoutNanoseconds: Self.timeoutNanoseconds,
            bodyBytesMax: Self.bodyBytesMax
        ) { [self] result in received(result) }
    }

    private func received(_ result: Result<HTTPClientResponse, HTTPClientFailure>) {
        connection = nil
        switch result {
        case .success(let response):
            let answer = TokenAnswer(
                request: request, status: Int(response.status), fields: response.fields, body: response.body,
                receivedAtUnixSeconds: unixSeconds())
            finish(.success(answer))
        case .failure(let failure):
            guard addresses.isEmpty || !Self.isAboutAddress(failure) else { return connect() }
            finish(.failure(unreachable("\(failure)")))
        }
    }

    /// Whether another address of the same name may do better.
    private static func isAboutAddress(_ failure: HTTPClientFailure) -> Bool {
        switch failure {
        case .connect, .system, .timedOut: true
        case .truncated, .malformed, .tooLarge: false
        }
    }

    private func finish(_ result: Result<TokenAnswer, CredentialError>) {
        let completion = self.completion
        self.completion = nil
        completion?(result)
    }

    private func unreachable(_ reason: String) -> CredentialError {
        let isLocal = PlainHosts.contains(request.url.host)
        return CredentialError(
            "\(request.method) \(request.url): \(reason)",
            hint: isLocal
                ? "does this process run where that service is?" : "may this process reach it, by name and firewall?",
            isLasting: false)
    }
}
