// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

internal import func Glibc.memcmp

/// Public model names to routes, looked up by the request's own bytes.
///
/// Open addressing at most half full; a lookup is one hash, usually one comparison, and makes no `String`.
struct ModelTable: ~Copyable {
    struct Entry: BitwiseCopyable {
        var hash: UInt64 = 0
        var offset: UInt32 = 0
        var length: UInt32 = 0
        /// `UInt16.max`: empty.
        var route = UInt16.max
    }
    private let entries: Slab<Entry>
    private let text: Slab<UInt8>
    private let mask: Int

    /// A name that two routes claim belongs to the first one; compiling the snapshot reports the clash.
    init(_ routes: [RouteRecord]) {
        let nameCount = routes.reduce(0) { $0 + $1.modelNames.count }
        var capacity = 8
        while capacity < nameCount * 2 { capacity *= 2 }
        mask = capacity - 1
        text = Slab(routes.flatMap { $0.modelNames.flatMap { Array($0.utf8) } })
        entries = Slab(repeating: Entry(), count: capacity)
        var offset = 0
        for (index, route) in routes.enumerated() {
            for name in route.modelNames {
                insert(length: name.utf8.count, offset: offset, route: RouteID(index))
                offset += name.utf8.count
            }
        }
    }

    func route(_ name: UnsafeRawBufferPointer) -> RouteID? {
        let entry = entries[position(name, ByteHash.hash(name))].pointee
        return entry.route == .max ? nil : RouteID(Int(entry.route))
    }

    private func insert(length: Int, offset: Int, route: RouteID) {
        let name = UnsafeRawBufferPointer(start: text.base + offset, count: length)
        let hash = ByteHash.hash(name)
        let entry = entries[position(name, hash)]
        guard entry.pointee.route == .max else { return }
        entry.pointee = Entry(hash: hash, offset: UInt32(offset), length: UInt32(length), route: route.index)
    }

    /// Where the name is, or the empty place where it would be. Ends because the table is never full.
    private func position(_ name: UnsafeRawBufferPointer, _ hash: UInt64) -> Int {
        var position = Int(truncatingIfNeeded: hash) & mask
        while !isEnd(entries[position], name, hash) { position = (position + 1) & mask }
        return position
    }

    /// Whether the entry is the name's, or empty.
    @inline(__always)
    private func isEnd(_ entry: UnsafeMutablePointer<Entry>, _ name: UnsafeRawBufferPointer, _ hash: UInt64) -> Bool {
        if entry.pointee.route == .max { return true }
        guard entry.pointee.hash == hash, Int(entry.pointee.length) == name.count else { return false }
        guard let start = name.baseAddress, name.count > 0 else { return true }
        return memcmp(text.base + Int(entry.pointee.offset), start, name.count) == 0
    }
}
