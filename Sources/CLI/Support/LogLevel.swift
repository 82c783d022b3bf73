// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import Logging
import Telemetry

enum LogLevel {
    /// Sets up logging of the process.
    /// - Throws: what is allowed when `text` is no level.
    static func install(_ text: String) throws -> Logger {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError(
                "--log-level '\(text)' is not a level; known: \(LogBootstrap.levels.joined(separator: ", ")).")
        }
        LogBootstrap.install(level: level)
        return Logger(label: "isobar")
    }
}
