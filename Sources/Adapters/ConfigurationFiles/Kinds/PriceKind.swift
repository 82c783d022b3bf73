// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Pricing
internal import ResourceTypes

// What a served model costs: by tokens, by whatever else is counted, or both.

/// All prices of one served model; those of tokens come together or not at all.
struct StatedPrices {
    var tokens: TokenPrices?
    var media: MediaPrices?
}

extension Shape where Value == StatedPrices {
    private static let tokenFields = [
        "inputPerMillionTokens", "cachedInputPerMillionTokens", "outputPerMillionTokens",
    ]

    private static let mediaFields = ["perAudioMinute", "perImage", "perThousandSearches", "perMillionCharacters"]

    static let prices = Shape.object { fields in
        let currency = fields.required("currency", .currency)
        let media = MediaPrices(
            audioMinute: fields.optional("perAudioMinute", .price(per: .one)),
            image: fields.optional("perImage", .price(per: .one)),
            search: fields.optional("perThousandSearches", .price(per: .thousand)),
            character: fields.optional("perMillionCharacters", .price(per: .million)))
        let hasMedia = mediaFields.contains { fields.isWritten($0) }
        // Whoever states nothing else is told of tokens.
        let hasTokens = !hasMedia || tokenFields.contains { fields.isWritten($0) }
        let tokens = hasTokens ? tokenPrices(fields) : nil
        if !hasTokens { tokenFields.forEach { fields.ignore($0) } }
        guard currency != nil, !hasTokens || tokens != nil else { return nil }
        return StatedPrices(tokens: tokens, media: hasMedia ? media : nil)
    }

    private static func tokenPrices(_ fields: Fields) -> TokenPrices? {
        let input = fields.required("inputPerMillionTokens", .price(per: .million))
        let cachedInput = fields.optional("cachedInputPerMillionTokens", .price(per: .million))
        let output = fields.required("outputPerMillionTokens", .price(per: .million))
        guard let input, let output else { return nil }
        return TokenPrices(input: input, cachedInput: cachedInput, output: output)
    }
}

extension Shape where Value == Currency {
    /// Noted with its place: all prices must agree, wherever they stand.
    static let currency = Shape(allowed: "a currency code of three capital letters (ISO 4217), e.g. USD") { cursor in
        let code = Shape<Currency>.text("a currency code of three capital letters (ISO 4217), e.g. USD") { text in
            Currency(text).map { .value($0) } ?? .refused(hint: Currency(text.uppercased()).map { "write \($0.code)" })
        }
        guard let currency = code.parse(cursor) else { return nil }
        cursor.context.price(in: currency, at: cursor.location, path: cursor.path)
        return currency
    }
}

extension Shape where Value == UnitPrice {
    /// Read from the text, quoted or not: a binary fraction would not be the price that was written.
    static func price(per basis: PriceBasis) -> Shape {
        let digits = basis.fractionDigits
        return leaf("a decimal number such as 0.15 with at most \(digits) decimals, without sign or exponent") {
            scalar in
            do throws(PriceTextError) {
                return .value(try UnitPrice(scalar.text, per: basis))
            } catch .tooFine {
                return .refused(hint: "finer prices cannot be held exactly")
            } catch {
                return .refused()
            }
        }
    }
}
