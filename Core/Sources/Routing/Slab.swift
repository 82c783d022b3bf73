// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A fixed number of plain values at one address, owned by one value.
///
/// It stands in for `Array` where the hot path would otherwise pay reference counts and uniqueness checks per access.
/// The subscript gives the element's address, so that a field is changed in place.
/// - Limits: an index outside `0..<count` is a bug of ours and traps; ids from outside are checked before they come
///   here.
struct Slab<Element: BitwiseCopyable>: ~Copyable {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    init(_ elements: [Element]) {
        count = elements.count
        base = .allocate(capacity: max(count, 1))
        for i in 0..<count { (base + i).initialize(to: elements[i]) }
    }

    init(repeating element: Element, count: Int) {
        self.count = count
        base = .allocate(capacity: max(count, 1))
        base.initialize(repeating: element, count: count)
    }

    deinit { base.deallocate() }

    @inline(__always)
    subscript(index: Int) -> UnsafeMutablePointer<Element> {
        precondition(index >= 0 && index < count, "index \(index) in a slab of \(count)")
        return base + index
    }
}
