// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Memory for the few texts that a translation has to make (unescaped arguments, renamed tools): addresses stay valid
/// until `reset`, and the memory is used again after it.
/// - Threading: confined to its owner.
public final class ByteArena {
    private var blocks: [UnsafeMutableRawBufferPointer] = []
    private var used = 0

    private static let blockBytes = 16 << 10

    public init() {}

    deinit { for block in blocks { block.deallocate() } }

    /// Ends every text made so far. Keeps one block.
    public func reset() {
        for block in blocks.dropFirst() { block.deallocate() }
        if blocks.count > 1 { blocks.removeLast(blocks.count - 1) }
        if let first = blocks.first, first.count > Self.blockBytes {
            first.deallocate()
            blocks.removeAll()
        }
        used = 0
    }

    /// `count` bytes to fill.
    public func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if blocks.last.map({ $0.count - used < count }) ?? true {
            blocks.append(.allocate(byteCount: max(count, Self.blockBytes), alignment: 16))
            used = 0
        }
        let block = blocks[blocks.count - 1]
        defer { used += count }
        return UnsafeMutableRawBufferPointer(rebasing: block[used..<used + count])
    }

    public func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard !bytes.isEmpty else { return bytes }
        let memory = take(bytes.count)
        memory.copyMemory(from: bytes)
        return UnsafeRawBufferPointer(memory)
    }

    public func copy(_ text: String) -> UnsafeRawBufferPointer {
        var text = text
        return text.withUTF8 { copy(UnsafeRawBufferPointer($0)) }
    }

    /// The characters that a JSON string means.
    /// - Returns: the string's own bytes when it has no escapes.
    public func unescaped(_ string: JSONString) -> UnsafeRawBufferPointer {
        string.hasEscapes ? JSONText.unescape(string.bytes, into: take(string.bytes.count)) : string.bytes
    }
}
