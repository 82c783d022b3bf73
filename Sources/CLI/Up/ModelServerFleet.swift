// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc
import PlainHTTP
import Reactor

/// The model server processes of `isobar up`, restarted when they end.
final class ModelServerFleet {
    /// What answers in the regions.
    enum Kind {
        /// llama.cpp's server with real weights, through the given Python.
        case llama(python: String, script: String)
        /// Our reference model server; `executable` is this program.
        case reference(executable: String)

        var flavor: String {
            switch self {
            case .llama: "llama.cpp"
            case .reference: "vllm"
            }
        }

        /// Public name of what chats.
        var model: String {
            switch self {
            case .llama: "smollm2-135m"
            case .reference: "reference"
            }
        }

        /// Whether embeddings need a process of their own.
        var embedsApart: Bool {
            switch self {
            case .llama: true
            case .reference: false
            }
        }

        /// Longest text to embed: what llama.cpp's server processes at once, or the whole context.
        var embeddingTokensMax: Int {
            switch self {
            case .llama: 512
            case .reference: 2_048
            }
        }
    }

    struct Member {
        var server: DemoServer
        var process: ChildProcess
        var restartAt: Int?
    }

    private(set) var members: [Member] = []
    private let kind: Kind
    private let directory: String

    private static let restartSeconds = 5
    private static let readySeconds = 60

    init(_ kind: Kind, directory: String) {
        self.kind = kind
        self.directory = directory
    }

    deinit { stop() }

    func start(_ server: DemoServer) throws {
        members.append(Member(server: server, process: try process(server)))
    }

    private func process(_ server: DemoServer) throws -> ChildProcess {
        try ChildProcess(arguments(server), logFile: log(server))
    }

    private func arguments(_ server: DemoServer) -> [String] {
        switch kind {
        case .llama(let python, let script):
            [python, script, String(server.port), server.model] + (server.isForEmbeddings ? ["--embeddings"] : [])
        case .reference(let executable):
            [executable, "model-server", "--listen", "127.0.0.1:\(server.port)", "--model", server.model]
        }
    }

    private func log(_ server: DemoServer) -> String { "\(directory)/\(server.name).log" }

    /// Waits until every member answers its health check.
    /// - Throws: which one does not, and where its log is.
    func waitUntilReady(progress: (Int) -> Void) throws {
        let started = time(nil)
        var ready = 0
        while ready < members.count {
            let server = members[ready].server
            if try Self.isHealthy(server.port) {
                ready += 1
                progress(ready)
                continue
            }
            if let end = members[ready].process.poll() {
                throw StartFailure("\(server.name) \(end); see \(log(server))")
            }
            guard time(nil) - started < Self.readySeconds else {
                throw StartFailure("\(server.name) does not answer on port \(server.port); see \(log(server))")
            }
            usleep(100_000)
        }
    }

    struct StartFailure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    private static func isHealthy(_ port: UInt16) throws -> Bool {
        let loop = try EventLoop()
        let address = Address(literal: "127.0.0.1", port: port)
        var isHealthy = false
        HTTPClient.fetch(
            HTTPClientRequest("GET", "/health", host: address.description),
            from: HTTPClient.Server(address: address.socket), loop: loop,
            timeoutNanoseconds: 2_000_000_000
        ) { result in
            if case .success(let answer) = result { isHealthy = answer.status == 200 }
            loop.stop()
        }
        loop.run()
        return isHealthy
    }

    /// Notices members that ended and starts them again after a moment, so that a person who kills one sees both the
    /// failover and the return.
    /// - Returns: lines to tell.
    func tend() -> [String] {
        var news: [String] = []
        for index in members.indices {
            if let due = members[index].restartAt {
                guard time(nil) >= due, let process = try? process(members[index].server) else { continue }
                members[index].process = process
                members[index].restartAt = nil
                news.append("\(members[index].server.name): started again, pid \(process.identifier)")
            } else if let end = members[index].process.poll() {
                members[index].restartAt = time(nil) + Self.restartSeconds
                news.append("\(members[index].server.name): \(end); starting again in \(Self.restartSeconds) s")
            }
        }
        return news
    }

    func stop() {
        for member in members where member.restartAt == nil { member.process.stop() }
        members = []
    }
}
