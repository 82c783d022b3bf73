// SPDX-License-Identifier: Apache-2.0
// Isobar

import CSystem
import Glibc

/// A program started by us that must not outlive us.
struct ChildProcess {
    let identifier: pid_t

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter logFile: created or emptied; both output streams go there.
    init(_ arguments: [String], logFile: String) throws(Failure) {
        let log = open(logFile, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard log >= 0 else {
            throw Failure(description: "cannot write \(logFile): \(String(cString: strerror(errno)))")
        }
        defer { close(log) }
        let copies = arguments.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        var pointers = copies.map { UnsafePointer($0) } + [nil]
        let result = isobar_spawn(&pointers, log)
        guard result > 0 else {
            throw Failure(description: "cannot start \(arguments.first ?? ""): \(String(cString: strerror(-result)))")
        }
        identifier = result
    }

    /// How a child ended; `nil` while it runs.
    func poll() -> String? {
        var status: Int32 = 0
        guard waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
        let signal = status & 0x7F
        return signal == 0 ? "exited with code \((status >> 8) & 0xFF)" : "was ended by signal \(signal)"
    }

    /// Asks to stop, waits a moment, then ends it for good. Returns when it is gone.
    func stop() {
        kill(-identifier, SIGTERM)
        for _ in 0..<40 {
            if poll() != nil { return }
            usleep(50_000)
        }
        kill(-identifier, SIGKILL)
        waitpid(identifier, nil, 0)
    }
}
