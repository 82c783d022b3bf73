// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Finds text in which aliases could be part of a mapping key.
///
/// Because: the YAML library hashes every key to find duplicates. A key made of lists of aliases of lists of aliases is
/// small in the file and astronomically large when hashed, before any limit of ours is asked. Values are harmless: an
/// alias shares what it names, and we count what we visit. No field of ours has a list or a mapping as its key, so a
/// text with both aliases and such keys is refused unread; one with only aliases, or only such keys, is not.
enum AliasKeys {
    static func mayOccur(in lines: [Substring]) -> Bool {
        var hasAlias = false
        var hasComplexKey = false
        for line in lines where line.first(where: { $0 != " " && $0 != "\t" }) != "#" {
            scan(Array(line.utf8), &hasAlias, &hasComplexKey)
            if hasAlias && hasComplexKey { return true }
        }
        return false
    }

    /// Quotes are not looked at: better to refuse an odd text than to miss a dangerous one.
    private static func scan(_ line: [UInt8], _ hasAlias: inout Bool, _ hasComplexKey: inout Bool) {
        for (index, byte) in line.enumerated() {
            switch byte {
            case UInt8(ascii: "*") where beginsToken(line, at: index):
                hasAlias = true
                if isFollowedByColon(line, from: endOfName(line, after: index)) { hasComplexKey = true }
            case UInt8(ascii: "?") where beginsToken(line, at: index) && isBlank(line, at: index + 1):
                hasComplexKey = true
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if isFollowedByColon(line, from: index + 1), !closesHost(line, at: index) { hasComplexKey = true }
            default: break
            }
        }
    }

    private static func beginsToken(_ line: [UInt8], at index: Int) -> Bool {
        index == 0 || isBlank(line, at: index - 1) || "[{,:-?".utf8.contains(line[index - 1])
    }

    private static func endOfName(_ line: [UInt8], after star: Int) -> Int {
        let isEnd: (UInt8) -> Bool = { " \t:,[]{}".utf8.contains($0) }
        return line[(star + 1)...].firstIndex(where: isEnd) ?? line.count
    }

    private static func isFollowedByColon(_ line: [UInt8], from index: Int) -> Bool {
        line[index...].first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") } == UInt8(ascii: ":")
    }

    /// `[::1]:8080` inside an address.
    private static func closesHost(_ line: [UInt8], at index: Int) -> Bool {
        guard let open = line[..<index].lastIndex(of: UInt8(ascii: "[")), open > 1, line[open - 1] == UInt8(ascii: "/")
        else { return false }
        return line[(open + 1)..<index].allSatisfy {
            $0 == UInt8(ascii: ":") || Character(Unicode.Scalar($0)).isHexDigit
        }
    }

    private static func isBlank(_ line: [UInt8], at index: Int) -> Bool {
        index >= line.count || [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")].contains(line[index])
    }
}
