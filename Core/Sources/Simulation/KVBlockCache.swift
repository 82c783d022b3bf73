// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Fixed pool of KV-cache blocks with reference counts and reuse of prompt prefixes.
///
/// A block is *held* (reference count > 0) or *idle*. Idle blocks form one list from least to most recently used;
/// allocation takes the front and forgets what the block contained. A block whose 16 tokens are computed may be
/// published under the hash of its whole prefix; until it is evicted, any sequence with the same prefix can hold it
/// again without computing it (vLLM's automatic prefix caching). Invariant: `heldCount + idleCount == capacity`, and a
/// hash leads to at most one block.
/// - Cost: every operation O(1) expected; the only allocation after `init` is the hash table's growth, bounded by
///   `capacity`.
struct KVBlockCache {
    static let tokensPerBlock = 16

    typealias BlockIndex = Int32
    private static let none: BlockIndex = -1

    private struct Block {
        var references: Int32 = 0
        var hash: UInt64?
        var previous = KVBlockCache.none
        var next = KVBlockCache.none
    }

    private var blocks: [Block]
    private var blockByHash: [UInt64: BlockIndex] = [:]
    private var oldestIdle = KVBlockCache.none
    private var newestIdle = KVBlockCache.none
    private(set) var idleCount = 0

    init(capacity: Int) {
        precondition(capacity > 0 && capacity <= Int(BlockIndex.max), "KV capacity \(capacity) blocks")
        blocks = Array(repeating: Block(), count: capacity)
        for index in 0..<capacity { appendIdle(BlockIndex(index)) }
    }

    var capacity: Int { blocks.count }
    var heldCount: Int { capacity - idleCount }

    static func blocks(forTokens tokens: Int) -> Int { (tokens + tokensPerBlock - 1) / tokensPerBlock }

    /// Takes the least recently used idle block; `nil` when all are held.
    mutating func allocate() -> BlockIndex? {
        guard oldestIdle != Self.none else { return nil }
        let index = oldestIdle
        removeIdle(index)
        if let hash = blocks[Int(index)].hash { blockByHash[hash] = nil }
        blocks[Int(index)].hash = nil
        blocks[Int(index)].references = 1
        return index
    }

    /// Holds the published block of a prefix, if it is still there.
    mutating func hold(hash: UInt64) -> BlockIndex? {
        guard let index = blockByHash[hash] else { return nil }
        if blocks[Int(index)].references == 0 { removeIdle(index) }
        blocks[Int(index)].references += 1
        return index
    }

    /// Gives back one reference to each block, last first: the tail of a prompt is the least likely to be shared, so it
    /// must go first.
    mutating func release(_ held: [BlockIndex]) {
        for index in held.reversed() {
            precondition(blocks[Int(index)].references > 0, "KV block \(index) released twice")
            blocks[Int(index)].references -= 1
            if blocks[Int(index)].references == 0 { appendIdle(index) }
        }
    }

    /// Makes a held, fully computed block findable. A second block with the same content stays private.
    mutating func publish(_ index: BlockIndex, hash: UInt64) {
        guard blocks[Int(index)].hash == nil, blockByHash[hash] == nil else { return }
        blocks[Int(index)].hash = hash
        blockByHash[hash] = index
    }

    private mutating func appendIdle(_ index: BlockIndex) {
        blocks[Int(index)].previous = newestIdle
        blocks[Int(index)].next = Self.none
        if newestIdle == Self.none { oldestIdle = index } else { blocks[Int(newestIdle)].next = index }
        newestIdle = index
        idleCount += 1
    }

    private mutating func removeIdle(_ index: BlockIndex) {
        let (previous, next) = (blocks[Int(index)].previous, blocks[Int(index)].next)
        if previous == Self.none { oldestIdle = next } else { blocks[Int(previous)].next = next }
        if next == Self.none { newestIdle = previous } else { blocks[Int(next)].previous = previous }
        idleCount -= 1
    }
}
