// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc
import WireFormats

/// The folder of one run of `isobar up`: readable by its owner only, because a key lies in it.
struct RunDirectory {
    let path: String

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(_ path: String) throws {
        self.path = path
        var partial = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            partial += "/\(part)"
            guard mkdir(partial, 0o700) == 0 || errno == EEXIST else { throw Self.failure("create", partial) }
        }
    }

    func write(_ name: String, _ text: String) throws { try Self.write(text, to: "\(path)/\(name)") }

    /// A key of 192 random bits, in a file of its own.
    func writeKey(_ name: String) throws -> String {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
        let letters = (0..<33).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        let key = "isobar-" + String(decoding: letters, as: UTF8.self)
        try write(name, key + "\n")
        return key
    }

    static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write", path) }
        defer { close(descriptor) }
        Terminal.write(text, to: descriptor)
    }

    private static func failure(_ doing: String, _ path: String) -> Failure {
        Failure(description: "cannot \(doing) \(path): \(String(cString: strerror(errno)))")
    }
}

/// What other programs need to know about a run, as JSON.
struct ReadyFile {
    private let document: JSONValue

    init(_ banner: Banner) {
        document = .object([
            ("address", .string("http://\(banner.address)/v1")), ("admin", .string("http://\(banner.admin)")),
            ("key", .string(banner.key)),
            ("model", .string(banner.plan.chatModel)), ("embedding_model", .string(banner.plan.embeddingModel)),
            ("real", .bool(banner.isReal)),
            (
                "members",
                .array(
                    banner.members.map { member in
                        .object([
                            ("region", .string(member.server.region.region)), ("endpoint", .string(member.server.name)),
                            ("serves", .array(member.server.serves.map { .string($0) })),
                            ("port", .integer(Int(member.server.port))),
                            ("pid", .integer(Int(member.process.identifier))),
                        ])
                    })
            ),
        ])
    }

    /// Written beside and renamed, so that a reader never sees half of it.
    func write(to path: String) throws {
        try RunDirectory.write(document.text + "\n", to: path + ".new")
        guard rename(path + ".new", path) == 0 else {
            throw RunDirectory.Failure(description: "cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }
}
