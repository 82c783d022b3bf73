// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A set of the cases of a small enumeration, as bits in the order of its cases.
struct CaseSet<Case: CaseIterable & Hashable>: Hashable, BitwiseCopyable, Sendable {
    private let bits: UInt32

    init(_ cases: Set<Case>) {
        var bits: UInt32 = 0
        for (position, element) in Case.allCases.enumerated() where cases.contains(element) { bits |= 1 << position }
        self.bits = bits
    }

    static var all: CaseSet { CaseSet(Set(Case.allCases)) }

    func isSubset(of other: Self) -> Bool { bits & ~other.bits == 0 }
    func intersects(_ other: Self) -> Bool { bits & other.bits != 0 }
    func contains(at position: Int) -> Bool { bits >> UInt32(position) & 1 != 0 }
}
