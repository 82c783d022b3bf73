// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Logging

/// The process's logging, set up once by the executable.
public enum LogBootstrap {
    /// Levels a flag may name, from chatty to silent.
    public static let levels = Logger.Level.allCases.map(\.rawValue)

    /// All loggers of the process write JSON lines to `sink` from now on. Traps when called twice, as swift-log does.
    public static func install(level: Logger.Level, sink: LogSink = .standardError) {
        LoggingSystem.bootstrap(
            { label, provider in
                var handler = JSONLogHandler(label: label, level: level, sink: sink, clock: LogTime.now)
                handler.metadataProvider = provider
                return handler
            }, metadataProvider: nil)
    }
}
