// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditTrail
import Glibc
import Testing

/// A folder that lives as long as this object.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/isobar-audit-XXXXXX".utf8CString)
        path = String(cString: try #require(mkdtemp(&template)))
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        let names = (try? DiskFiles(reading: path).names(in: "")) ?? []
        for name in names where unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
        rmdir(path)
    }

    /// Every byte of every file below.
    func everything() throws -> [UInt8] { try Self.everything(path) }

    private static func everything(_ path: String) throws -> [UInt8] {
        let files = DiskFiles(reading: path)
        return try files.names(in: "").flatMap { name in
            try files.read(name) ?? everything("\(path)/\(name)")
        }
    }
}
