// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// What a log has promised so far, kept beside it: stored before the checkpoint of the same size is signed, so that no
/// crash can lead to a second, different promise.
public struct TreeState: Equatable, Sendable {
    public var size: UInt64
    public var root: Digest
    /// Grows with each process that takes the log over; one with an older epoch must not write any more.
    public var epoch: UInt64
    /// No entry before this one is an intent without an outcome.
    public var sweepFrom: UInt64

    public init(size: UInt64, root: Digest, epoch: UInt64, sweepFrom: UInt64) {
        self.size = size
        self.root = root
        self.epoch = epoch
        self.sweepFrom = sweepFrom
    }

    public var bytes: [UInt8] {
        let text = "isobar-tree-state/1\nsize \(size)\nroot \(root.base64)\nepoch \(epoch)\nsweep \(sweepFrom)\n"
        return Array((text + "check \(Self.checksum(text))\n").utf8)
    }

    /// `nil` when the bytes are not a whole state.
    public init?(parsing bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 7, lines[0] == "isobar-tree-state/1",
            let size = Self.value(lines[1], "size ").flatMap({ Decimal.value($0) }),
            let root = Self.value(lines[2], "root ").flatMap({ Digest(base64: $0) }),
            let epoch = Self.value(lines[3], "epoch ").flatMap({ Decimal.value($0) }),
            let sweep = Self.value(lines[4], "sweep ").flatMap({ Decimal.value($0) }), sweep <= size
        else { return nil }
        self.init(size: size, root: root, epoch: epoch, sweepFrom: sweep)
        guard self.bytes == bytes else { return nil }
    }

    private static func value(_ line: Substring, _ name: String) -> Substring? {
        line.hasPrefix(name) ? line.dropFirst(name.utf8.count) : nil
    }

    private static func checksum(_ text: String) -> String {
        Hexadecimal.text(Array(text.utf8).withUnsafeBytes { CRC32C.checksum($0) }.bigEndianBytes)
    }
}
