// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditLog

/// Partial tiles that wider ones have replaced: kept a while for those who read meanwhile, then taken away.
enum StalePartials {
    /// Takes one away, and its folder once the tile is full and nothing else is in it.
    static func remove(_ address: TileAddress, from files: some LogFiles, size: UInt64) throws(LogFileError) {
        try files.remove(address.path)
        if isFull(address, size: size) { try files.removeIfEmpty("\(address.fullPath).p") }
    }

    private static func isFull(_ address: TileAddress, size: UInt64) -> Bool {
        let level: UInt8 = if case .hashes(let level) = address.content { level } else { 0 }
        return TileLayout.count(level: level, size: size) / 256 > address.index
    }

    /// What an earlier process did not come to take away. It keeps few, so they are of the last tile or of the one before.
    static func remove(from files: some LogFiles, size: UInt64) throws(LogFileError) {
        let current = Set(TileLayout.partials(size: size))
        var levels: [TileAddress.Content] = (0...TileAddress.levelMax).map { .hashes(level: $0) }
        levels.append(.entries)
        for content in levels {
            let level: UInt8 = if case .hashes(let level) = content { level } else { 0 }
            let last = TileLayout.count(level: level, size: size) / 256
            for index in last == 0 ? [0] : [last - 1, last] {
                let folder = TileAddress(content, index: index).fullPath + ".p"
                for name in try files.names(in: folder) {
                    guard let address = TileAddress(path: "\(folder)/\(name)"), !current.contains(address) else {
                        continue
                    }
                    try remove(address, from: files, size: size)
                }
            }
        }
    }
}
