// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

/// Reading of small files whose size nobody vouches for.
package enum BoundedFile {
    package enum ReadError: Error, Hashable {
        case tooLarge(bytesMax: Int)
        /// The system's words, e.g. `No such file or directory`.
        case system(String)
        case notRegular
    }

    /// All bytes of a regular file; blocks.
    ///
    /// Because `stat` may be out of date by the time of `read`, the limit is enforced on the bytes that arrive.
    package static func read(_ path: String, bytesMax: Int) throws(ReadError) -> [UInt8] {
        // O_NONBLOCK: opening a pipe without a writer must not hang; it has no effect on regular files.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system(describe(errno)) }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(describe(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        return try readAll(descriptor, sizeHint: Int(status.st_size), bytesMax: bytesMax)
    }

    private static func readAll(_ descriptor: Int32, sizeHint: Int, bytesMax: Int) throws(ReadError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(sizeHint, bytesMax) + 1)
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(describe(errno)) }
            if count == 0 { return bytes }
            guard bytes.count + count <= bytesMax else { throw .tooLarge(bytesMax: bytesMax) }
            bytes += chunk[..<count]
        }
    }

    /// The system's words for an error number.
    package static func describe(_ code: Int32) -> String {
        // Because: strerror_r with the locale's text may not fit; it then writes what fits.
        var text = [CChar](repeating: 0, count: 256)
        guard strerror_r(code, &text, text.count - 1) == 0 else { return "error \(code)" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension BoundedFile.ReadError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLarge(let bytesMax): "larger than \(bytesMax) bytes"
        case .system(let words): words
        case .notRegular: "not a regular file"
        }
    }
}
