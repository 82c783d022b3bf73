// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc

/// Operating system signals as plain values, received by one thread that waits for them.
enum Signals {
    /// Keeps the process' threads from being interrupted. Call before the first thread starts: threads inherit the
    /// mask.
    static func block() {
        var set = watched
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Blocks until one arrives.
    static func wait() -> Int32 {
        var set = watched
        var signal: Int32 = 0
        sigwait(&set, &signal)
        return signal
    }

    /// The next signal, or 0 when none came in time.
    static func wait(seconds: Int) -> Int32 {
        var set = watched
        var limit = timespec(tv_sec: seconds, tv_nsec: 0)
        return max(sigtimedwait(&set, nil, &limit), 0)
    }

    private static var watched: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGCHLD] { sigaddset(&set, signal) }
        return set
    }
}
