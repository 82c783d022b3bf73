// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc
import PlainHTTP
import Reactor

/// The model server processes of `isobar up`, one per region, restarted when they end.
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
    }

    struct Member {
        var name: String
        var port: UInt16
        var process: ChildProcess
        var restartAt: Int?
    }

    private(set) var members: [Member] = []
    private let kind: Kind
    private let model: String
    private let directory: String

    private static let restartSeconds = 5
    private static let readySeconds = 60

    init(_ kind: Kind, model: String, directory: String) {
        self.kind = kind
        self.model = model
        self.directory = directory
    }

    deinit { stop() }

    func start(name: String, port: UInt16) throws {
        let process = try ChildProcess(arguments(port), logFile: "\(directory)/\(name).log")
        members.append(Member(name: name, port: port, process: process))
    }

    private func arguments(_ port: UInt16) -> [String] {
        switch kind {
        case .llama(let python, let script): [python, script, String(port), model]
        case .reference(let executable):
            [executable, "model-server", "--listen", "127.0.0.1:\(port)", "--model", model]
        }
    }

    /// Waits until every member answers its health check.
    /// - Throws: which one does not, and where its log is.
    func waitUntilReady(progress: (Int) -> Void) throws {
        let started = time(nil)
        var ready = 0
        while ready < members.count {
            let member = members[ready]
            if try Self.isHealthy(member.port) {
                ready += 1
                progress(ready)
                continue
            }
            if let end = member.process.poll() {
                throw StartFailure("\(member.name) \(end); see \(directory)/\(member.name).log")
            }
            guard time(nil) - started < Self.readySeconds else {
                throw StartFailure(
                    "\(member.name) does not answer on port \(member.port); see \(directory)/\(member.name).log")
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
                guard time(nil) >= due, let process = try? restarted(index) else { continue }
                members[index].process = process
                members[index].restartAt = nil
                news.append("\(members[index].name): started again, pid \(process.identifier)")
            } else if let end = members[index].process.poll() {
                members[index].restartAt = time(nil) + Self.restartSeconds
                news.append("\(members[index].name): \(end); starting again in \(Self.restartSeconds) s")
            }
        }
        return news
    }

    private func restarted(_ index: Int) throws -> ChildProcess {
        try ChildProcess(arguments(members[index].port), logFile: "\(directory)/\(members[index].name).log")
    }

    func stop() {
        for member in members where member.restartAt == nil { member.process.stop() }
        members = []
    }
}
