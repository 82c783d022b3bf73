// SPDX-License-Identifier: Apache-2.0
// Isobar

import CSystem
import Glibc

/// Short commands run to their end.
enum Command {
    /// Whether it could be started and exited with 0. Output is thrown away.
    static func succeeds(_ arguments: [String]) -> Bool {
        guard let process = try? ChildProcess(arguments, logFile: "/dev/null") else { return false }
        while true {
            if let end = process.poll() { return end == "exited with code 0" }
            usleep(10_000)
        }
    }
}

extension String {
    /// Target of a symbolic link; `nil` when it is none.
    var resolvingLink: String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(self, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}
