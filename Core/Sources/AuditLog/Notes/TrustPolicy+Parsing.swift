// SPDX-License-Identifier: Apache-2.0
// Isobar

extension TrustPolicy {
    public static let bytesMax = 256 << 10
    static let linesMax = 4_096

    /// What is wrong with a policy file, and in which line.
    public struct ParseFault: Error, Equatable, Sendable, CustomStringConvertible {
        /// Counted from 1; 0 stands for the whole file.
        public var line: Int
        public var reason: String
        public var description: String { line > 0 ? "line \(line): \(reason)" : reason }
    }

    /// Lines: `log VKEY [URL]`, `witness NAME VKEY [URL]`, `group NAME COUNT|any|all MEMBER…`, once `quorum NAME|none`;
    /// `#` begins a comment line.
    public init<Hash: TreeHash>(parsing bytes: [UInt8], by hash: Hash.Type) throws(ParseFault) {
        guard bytes.count <= Self.bytesMax else {
            throw ParseFault(line: 0, reason: "more than \(Self.bytesMax) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self),
            bytes.allSatisfy({ $0 == 9 || $0 == 10 || ($0 >= 32 && $0 != 127) })
        else { throw ParseFault(line: 0, reason: "not text: a byte that is no UTF-8, or a control character") }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count <= Self.linesMax else {
            throw ParseFault(line: 0, reason: "more than \(Self.linesMax) lines")
        }
        var reader = PolicyReader<Hash>()
        for (index, line) in lines.enumerated() {
            do {
                try reader.read(line)
            } catch {
                throw ParseFault(line: index + 1, reason: error.reason)
            }
        }
        guard reader.hasQuorum else { throw ParseFault(line: 0, reason: "there is no quorum line") }
        guard !reader.policy.logs.isEmpty else { throw ParseFault(line: 0, reason: "there is no log line") }
        self = reader.policy
    }
}

private struct PolicyReader<Hash: TreeHash> {
    struct Wrong: Error { var reason: String }

    var policy = TrustPolicy(logs: [])
    var hasQuorum = false
    private var names: Set<String> = []
    private var members: Set<String> = []
    private var keys: Set<[UInt8]> = []

    mutating func read(_ line: Substring) throws(Wrong) {
        let words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
        guard let first = words.first, !first.hasPrefix("#") else { return }
        switch first {
        case "log": try readLog(words)
        case "witness": try readWitness(words)
        case "group": try readGroup(words)
        case "quorum": try readQuorum(words)
        default: throw Wrong(reason: "unknown word \(first); known: log, witness, group, quorum")
        }
    }

    private mutating func readLog(_ words: [String]) throws(Wrong) {
        guard (2...3).contains(words.count) else { throw Wrong(reason: "write: log VKEY [URL]") }
        policy.logs.append(.init(key: try key(words[1], .ed25519), url: words.count > 2 ? words[2] : nil))
    }

    private mutating func readWitness(_ words: [String]) throws(Wrong) {
        guard (3...4).contains(words.count) else { throw Wrong(reason: "write: witness NAME VKEY [URL]") }
        try define(words[1])
        let key = try key(words[2], .cosignature)
        policy.witnesses.append(.init(name: words[1], key: key, url: words.count > 3 ? words[3] : nil))
    }

    private mutating func readGroup(_ words: [String]) throws(Wrong) {
        guard words.count >= 4 else { throw Wrong(reason: "write: group NAME COUNT|any|all MEMBER…") }
        let found = Array(words[3...])
        for member in found {
            guard names.contains(member) else { throw Wrong(reason: "\(member) is not defined above") }
            guard members.insert(member).inserted else { throw Wrong(reason: "\(member) is a member already") }
        }
        let threshold: Int? =
            switch words[2] {
            case "any": 1
            case "all": found.count
            default: Decimal.value(words[2]).flatMap { Int(exactly: $0) }
            }
        guard let threshold, (1...found.count).contains(threshold) else {
            throw Wrong(reason: "\(words[2]) is not any, all or 1 to \(found.count)")
        }
        try define(words[1])
        policy.groups.append(.init(name: words[1], threshold: threshold, members: found))
    }

    private mutating func readQuorum(_ words: [String]) throws(Wrong) {
        guard words.count == 2 else { throw Wrong(reason: "write: quorum NAME|none") }
        guard !hasQuorum else { throw Wrong(reason: "a second quorum line") }
        hasQuorum = true
        if words[1] == "none" { return }
        guard names.contains(words[1]) else { throw Wrong(reason: "\(words[1]) is not defined above") }
        policy.quorum = words[1]
    }

    private mutating func define(_ name: String) throws(Wrong) {
        guard name != "none" else { throw Wrong(reason: "none is no name: it stands for no quorum") }
        guard names.insert(name).inserted else { throw Wrong(reason: "\(name) is defined already") }
    }

    private mutating func key(_ text: String, _ algorithm: VerifierKey.Algorithm) throws(Wrong) -> VerifierKey {
        let key: VerifierKey
        do {
            key = try VerifierKey(parsing: text, by: Hash.self)
        } catch {
            throw Wrong(reason: "\(text) is no usable key: \(error.explanation)")
        }
        guard key.algorithm == algorithm else {
            let kind = algorithm == .ed25519 ? "logs sign with type 1" : "witnesses cosign with type 4"
            throw Wrong(reason: "the key of \(key.name) has type \(key.algorithm.rawValue); \(kind)")
        }
        guard keys.insert(key.publicKey).inserted else {
            throw Wrong(reason: "the key of \(key.name) is there already")
        }
        return key
    }
}

extension VerifierKey.Fault {
    /// For people.
    public var explanation: String {
        switch self {
        case .malformed: "it is not NAME+ID+KEY with eight hexadecimal digits and base64"
        case .unknownType(let type): "type \(type) cannot be checked here; 1 (Ed25519) and 4 (cosignature/v1) can"
        case .wrongKeyID: "its id does not belong to this name and key"
        }
    }
}
