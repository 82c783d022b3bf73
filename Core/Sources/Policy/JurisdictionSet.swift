// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A set of jurisdictions: 256 bits.
public struct JurisdictionSet: Hashable, Sendable {
    private var words: SIMD4<UInt64>

    private init(words: SIMD4<UInt64>) { self.words = words }

    public static let nowhere = JurisdictionSet(words: .zero)
    /// One member that no other set but itself has.
    public static let anywhere = JurisdictionSet([.anywhere])
    /// Every assigned code, and not "anywhere".
    public static let everyCountry = JurisdictionSet(
        (0..<UInt8(Jurisdiction.codes.count)).map { Jurisdiction(index: $0) })

    public init(_ members: some Sequence<Jurisdiction>) {
        words = .zero
        for member in members { insert(member) }
    }

    public mutating func insert(_ member: Jurisdiction) {
        words[Int(member.index >> 6)] |= 1 << UInt64(member.index & 63)
    }

    public func contains(_ member: Jurisdiction) -> Bool {
        words[Int(member.index >> 6)] >> UInt64(member.index & 63) & 1 != 0
    }

    public var isEmpty: Bool { words == .zero }
    public func isSubset(of other: Self) -> Bool { words & ~other.words == .zero }
    public func intersects(_ other: Self) -> Bool { words & other.words != .zero }
    public func subtracting(_ other: Self) -> Self { Self(words: words & ~other.words) }
    public func union(_ other: Self) -> Self { Self(words: words | other.words) }
    public func intersection(_ other: Self) -> Self { Self(words: words & other.words) }

    /// The first in the order of `Jurisdiction`.
    public var first: Jurisdiction? {
        for position in 0..<4 where words[position] != 0 {
            return Jurisdiction(index: UInt8(position * 64 + words[position].trailingZeroBitCount))
        }
        return nil
    }

    /// Ascending.
    public var members: [Jurisdiction] {
        var rest = self
        var members: [Jurisdiction] = []
        while let next = rest.first {
            members.append(next)
            rest.words[Int(next.index >> 6)] &= ~(1 << UInt64(next.index & 63))
        }
        return members
    }

    /// `DE, FR`; `nowhere` when empty.
    public var text: String { isEmpty ? "nowhere" : members.map(\.code).joined(separator: ", ") }
}
