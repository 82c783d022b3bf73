// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Policy
internal import ResourceTypes

/// Reads `X-Isobar-Residency`: a dictionary of structured fields (RFC 9651) with two members, each a list of tokens or
/// strings, e.g. `within=(DE FR), classes=(health)`; a single one needs no parentheses.
///
/// Strict, because whatever was overlooked would be a demand not kept: no other member, no parameters, nothing twice.
enum ClaimHeader {
    enum Outcome: Equatable {
        case claim(ResidencyClaim)
        case unknownClass(String)
        case malformed
    }

    static func parse(_ value: UnsafeRawBufferPointer) -> Outcome {
        var scanner = Scanner(bytes: value)
        guard let members = scanner.members(), !members.isEmpty else { return .malformed }
        var claim = ResidencyClaim()
        for (name, values) in members {
            switch name {
            case "within": claim.within = values.sorted()
            case "classes":
                for value in values {
                    guard let known = DataClass(rawValue: value) else { return .unknownClass(value) }
                    claim.classes.insert(known)
                }
            default: return .malformed
            }
        }
        return .claim(claim)
    }

    private struct Scanner {
        let bytes: UnsafeRawBufferPointer
        var index = 0

        private static let valuesMax = 256

        /// The whole dictionary; `nil` when it is not one.
        mutating func members() -> [String: [String]]? {
            var members: [String: [String]] = [:]
            skipSpace()
            while index < bytes.count {
                let name = take { $0 >= 97 && $0 <= 122 }
                guard !name.isEmpty, members[name] == nil, accept(61), let values = values() else { return nil }
                members[name] = values
                skipSpace()
                if index == bytes.count { return members }
                guard accept(44) else { return nil }
                skipSpace()
                // A comma promises another member.
                guard index < bytes.count else { return nil }
            }
            return members
        }

        private mutating func values() -> [String]? {
            guard accept(40) else { return value().map { [$0] } }
            var values: [String] = []
            while true {
                skipSpace()
                if accept(41) { return values }
                guard values.count < Self.valuesMax, let value = value() else { return nil }
                values.append(value)
                guard let next = peek, next == 32 || next == 41 else { return nil }
            }
        }

        /// A token that begins with a letter, or a string without escapes.
        private mutating func value() -> String? {
            if accept(34) {
                let text = take { $0 >= 32 && $0 < 127 && $0 != 34 && $0 != 92 }
                return accept(34) ? text : nil
            }
            guard let first = peek, first | 0x20 >= 97 && first | 0x20 <= 122 else { return nil }
            return take { byte in
                let isDigit = byte >= 48 && byte <= 57
                return isDigit || byte | 0x20 >= 97 && byte | 0x20 <= 122 || byte == 45 || byte == 46
            }
        }

        private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

        private mutating func accept(_ byte: UInt8) -> Bool {
            guard peek == byte else { return false }
            index += 1
            return true
        }

        private mutating func take(_ isPart: (UInt8) -> Bool) -> String {
            let start = index
            while let next = peek, isPart(next) { index += 1 }
            return String(decoding: bytes[start..<index], as: UTF8.self)
        }

        private mutating func skipSpace() {
            while peek == 32 { index += 1 }
        }
    }
}
