// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc

/// Files that a verb writes for its user.
enum NewFile {
    struct Failure: Error, CustomStringConvertible { var description: String }

    /// - Throws: what to do about it, when the file is there already or cannot be written whole.
    static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws(Failure) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            let reason = errno == EEXIST ? "it exists; move it away first" : String(cString: strerror(errno))
            throw Failure(description: "cannot write \(path): \(reason)")
        }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw Failure(description: "cannot write \(path): \(String(cString: strerror(errno)))")
            }
            written += count
        }
    }
}
