// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// The most that one attempt can use and cost at any of several endpoints: the dearest price of each kind, the longest
/// context and answer of their models.
///
/// What is reserved before a request must be at least what it will turn out to have used, whoever answers.
public struct PriceCeiling: Equatable, Sendable {
    private var input = UnitPrice.zero
    private var output = UnitPrice.zero
    private var audioMinute = UnitPrice.zero
    private var image = UnitPrice.zero
    private var search = UnitPrice.zero
    private var character = UnitPrice.zero
    public private(set) var contextTokensMax: Int64 = 0
    public private(set) var outputTokensMax: Int64 = 0

    public init() {}

    public mutating func include(
        tokens: TokenPrices?, media: MediaPrices?, contextTokensMax: Int64, outputTokensMax: Int64
    ) {
        if let tokens {
            // A provider that bills cached tokens higher would be odd, and is covered.
            input = max(input, tokens.input, tokens.cachedInput ?? .zero)
            output = max(output, tokens.output)
        }
        audioMinute = max(audioMinute, media?.audioMinute ?? .zero)
        image = max(image, media?.image ?? .zero)
        search = max(search, media?.search ?? .zero)
        character = max(character, media?.character ?? .zero)
        self.contextTokensMax = max(self.contextTokensMax, contextTokensMax)
        self.outputTokensMax = max(self.outputTokensMax, outputTokensMax)
    }

    /// What is known of a request before it is sent.
    public struct Request: Equatable, Sendable {
        public var bodyBytes: Int64
        /// Something in it may stand for more than its bytes: a picture by its address, an earlier answer by its name.
        public var refersElsewhere: Bool
        /// `nil` when the caller states none.
        public var outputTokensMax: Int64?
        /// Answers asked for; ≥ 1.
        public var choices: Int64
        public var images: Int64
        public var characters: Int64
        /// Whether its bytes are sound.
        public var isSound: Bool

        public init(
            bodyBytes: Int64, refersElsewhere: Bool = false, outputTokensMax: Int64? = nil, choices: Int64 = 1,
            images: Int64 = 0, characters: Int64 = 0, isSound: Bool = false
        ) {
            self.bodyBytes = bodyBytes
            self.refersElsewhere = refersElsewhere
            self.outputTokensMax = outputTokensMax
            self.choices = choices
            self.images = images
            self.characters = characters
            self.isSound = isSound
        }
    }

    /// Input and output tokens. No tokenizer makes more tokens than there are bytes; what a chat template adds to a
    /// message is less than the JSON around it.
    public func tokens(_ request: Request) -> (input: Int64, output: Int64) {
        let input = request.refersElsewhere ? max(request.bodyBytes, contextTokensMax) : request.bodyBytes
        let output = min(request.outputTokensMax ?? outputTokensMax, outputTokensMax)
        return (input, Self.product(output, request.choices))
    }

    /// The most it can cost, exact.
    public func money(_ request: Request) -> Money {
        let tokens = tokens(request)
        var sum = input.amount(of: tokens.input) + output.amount(of: tokens.output)
        sum = sum + image.amount(of: request.images) + character.amount(of: request.characters)
        // Nobody counts the searches before.
        if search > .zero { sum = sum + search.amount(of: 1) }
        if request.isSound {
            // The sparest speech codecs need some 500 bytes a second.
            let seconds = request.bodyBytes / Self.soundBytesPerSecondMin + 1
            sum = sum + audioMinute.amount(of: seconds / 60 + 1)
        }
        return sum
    }

    private static let soundBytesPerSecondMin: Int64 = 500

    private static func product(_ a: Int64, _ b: Int64) -> Int64 {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? .max : product
    }
}

extension Money {
    /// In nano-units, rounded up: what is reserved or charged is never less than what it is.
    public var nanoRoundedUp: Int64 {
        let nano = pico > 0 ? (pico + 999) / 1_000 : 0
        return Int64(clamping: nano)
    }
}
