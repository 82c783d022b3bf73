// SPDX-License-Identifier: Apache-2.0
// Isobar

/// ISO 4217 code, three upper-case letters. Amounts of two currencies never mix; one snapshot has one currency.
public struct Currency: Hashable, Sendable {
    public let code: String
    public init?(_ code: String) {
        guard code.utf8.count == 3, code.utf8.allSatisfy({ $0 >= 65 && $0 <= 90 }) else { return nil }
        self.code = code
    }
    private init(trusted: String) { code = trusted }
    public static let usd = Currency(trusted: "USD")
}

/// Price of one token (or other unit) as an exact integer.
///
/// - Units: pico-units of the currency per token, which is the same number as micro-units per million tokens:
///   $0.15 per million tokens = 150_000. 10⁻¹² fits every public per-token price but float noise.
public struct UnitPrice: Comparable, Hashable, Sendable {
    public var picoPerUnit: Int64
    @inlinable public init(picoPerUnit: Int64) { self.picoPerUnit = picoPerUnit }
    public static let zero = UnitPrice(picoPerUnit: 0)
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.picoPerUnit < b.picoPerUnit }
}

/// An exact amount in the snapshot's currency.
///
/// - Units: pico-units (10⁻¹²) held in 128 bits, so that sums of any length stay exact; overflow traps, never wraps.
public struct Money: Comparable, Hashable, Sendable {
    public var pico: Int128
    @inlinable public init(pico: Int128) { self.pico = pico }
    public static let zero = Money(pico: 0)
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.pico < b.pico }
    @inlinable public static func + (a: Self, b: Self) -> Self { Self(pico: a.pico + b.pico) }
    @inlinable public static func += (a: inout Self, b: Self) { a.pico += b.pico }
}

/// What one served model costs at one endpoint; every price is per token.
public struct TokenPrices: Hashable, Sendable {
    public var input: UnitPrice
    /// Input tokens the provider served from its prompt cache; `nil` bills them as `input`.
    public var cachedInput: UnitPrice?
    public var output: UnitPrice
    public init(input: UnitPrice, cachedInput: UnitPrice? = nil, output: UnitPrice) {
        self.input = input
        self.cachedInput = cachedInput
        self.output = output
    }
    public static let free = TokenPrices(input: .zero, output: .zero)
}

/// What one served model costs at one endpoint beside tokens; what is `nil` is not billed.
public struct MediaPrices: Hashable, Sendable {
    /// Of a minute of sound that is listened to; parts of a minute cost their share.
    public var audioMinute: UnitPrice?
    /// Of an image made.
    public var image: UnitPrice?
    /// Of a search: one query over a provider's number of documents.
    public var search: UnitPrice?
    /// Of a character that is spoken.
    public var character: UnitPrice?
    public init(
        audioMinute: UnitPrice? = nil, image: UnitPrice? = nil, search: UnitPrice? = nil, character: UnitPrice? = nil
    ) {
        self.audioMinute = audioMinute
        self.image = image
        self.search = search
        self.character = character
    }
}

/// What one answer used beside tokens. 0 also where nobody counted.
public struct MediaUsage: Hashable, BitwiseCopyable, Sendable {
    /// Of sound that was listened to.
    public var audioMilliseconds: Int64
    public var images: Int64
    public var searches: Int64
    /// Unicode scalars that were spoken.
    public var characters: Int64
    @inlinable public init(
        audioMilliseconds: Int64 = 0, images: Int64 = 0, searches: Int64 = 0, characters: Int64 = 0
    ) {
        self.audioMilliseconds = audioMilliseconds
        self.images = images
        self.searches = searches
        self.characters = characters
    }

    @inlinable public var isEmpty: Bool { audioMilliseconds | images | searches | characters == 0 }
}

/// Tokens of one answer as the provider counted them.
public struct TokenUsage: Hashable, Sendable {
    /// All input tokens, cached ones included.
    public var input: Int64
    /// The part of `input` served from the provider's prompt cache.
    public var cachedInput: Int64
    /// All output tokens, reasoning included.
    public var output: Int64
    @inlinable public init(input: Int64 = 0, cachedInput: Int64 = 0, output: Int64 = 0) {
        self.input = input
        self.cachedInput = cachedInput
        self.output = output
    }
}
