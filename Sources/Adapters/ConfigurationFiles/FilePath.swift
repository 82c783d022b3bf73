// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Paths written in a configuration file count from the directory of that file, wherever the process was started.
enum FilePath {
    static func resolve(_ path: String, besides file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return String(file[...slash]) + path
    }
}
