// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc
internal import ResourceTypes

/// All that a source may see of the world: variables, files, the time.
struct Surroundings {
    var variables: [String: String]
    var nowUnixSeconds: Int64
    /// The bytes of a file, at most `fileBytesMax`; blocks.
    var read: (_ path: String) throws(FileFault) -> [UInt8]

    /// Key files and profiles have a few KiB, tokens less.
    static let fileBytesMax = 1 << 20

    struct FileFault: Error, CustomStringConvertible {
        var description: String
    }

    /// A variable that is set and not empty.
    func variable(_ name: String) -> String? {
        variables[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    func required(_ name: String) throws(CredentialError) -> String {
        if let value = variable(name) { return value }
        throw CredentialError("the variable \(name) is not set", hint: "set it, or choose another source")
    }

    /// `stated`, else the variable; an error that names both ways when there is neither.
    func value(_ stated: String?, field: String, variable name: String) throws(CredentialError) -> String {
        if let stated { return stated }
        if let value = variable(name) { return value }
        throw CredentialError("neither \(field) nor the variable \(name) is set", hint: "set one of them")
    }

    /// Where a service is: as stated, else as the variable says, else where the cloud has it.
    func address(
        _ stated: String?, field: String, variable name: String, otherwise usual: String
    ) throws(CredentialError) -> ServiceURL {
        if let stated { return try ServiceURL(stated, from: field) }
        if let value = variable(name) { return try ServiceURL(value, from: name) }
        return try ServiceURL(usual, from: field)
    }

    /// A file's content, for messages by what it is.
    func file(_ path: String, _ what: String) throws(CredentialError) -> [UInt8] {
        do throws(FileFault) {
            return try read(path)
        } catch {
            throw CredentialError(
                "cannot read the \(what) \(path): \(error)", hint: "check the path and who may read it",
                isLasting: false)
        }
    }

    /// A token written to a file by someone who renews it; read anew each time.
    func token(in path: String) throws(CredentialError) -> Secret {
        let bytes = try file(path, "token file")
        guard let token = BearerToken.trimmed(bytes) else {
            throw CredentialError(
                "the token file \(path) holds no token: it is empty, or has spaces or control characters inside",
                hint: "is it written by the platform, and complete?", isLasting: false)
        }
        return token
    }
}

extension Surroundings.FileFault {
    /// Reads a regular file; for `Surroundings.read`.
    static func readFile(_ path: String) throws(Surroundings.FileFault) -> [UInt8] {
        // O_NONBLOCK: opening a pipe without a writer must not hang; it has no effect on regular files.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw last() }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw last() }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Self(description: "not a regular file") }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw last() }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= Surroundings.fileBytesMax else {
                throw Self(description: "larger than \(Surroundings.fileBytesMax) bytes")
            }
        }
    }

    private static func last() -> Self { Self(description: String(cString: strerror(errno))) }
}
