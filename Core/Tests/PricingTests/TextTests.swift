// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Pricing

@Suite struct `A price in text` {
    @Test(
        arguments: [
            ("0", 0), ("0.15", 150_000), ("2.50", 2_500_000), ("10", 10_000_000), ("0.000001", 1),
            ("0.1500000000", 150_000), ("00.5", 500_000),
            ("9000000000000", 9_000_000_000_000_000_000),
        ] as [(String, Int64)])
    func `is read exactly`(text: String, pico: Int64) throws {
        #expect(try UnitPrice(perMillionTokens: text) == UnitPrice(picoPerUnit: pico))
    }

    @Test(arguments: [
        "", ".", "1.", ".5", "1.2.3", "1e3", "1,5", " 1", "1 ", "+1", "0x1", "--1", "-", "NaN", "inf", "½", "１",
    ])
    func `is refused when it is not a plain number`(text: String) {
        #expect(throws: PriceTextError.notANumber(text)) { try UnitPrice(perMillionTokens: text) }
    }

    @Test func `is refused when it is too fine, negative or too large, and says so`() {
        #expect(throws: PriceTextError.tooFine("0.0000001")) { try UnitPrice(perMillionTokens: "0.0000001") }
        #expect(throws: PriceTextError.negative("-0.5")) { try UnitPrice(perMillionTokens: "-0.5") }
        #expect(throws: PriceTextError.tooLarge("9000000000000.000001")) {
            try UnitPrice(perMillionTokens: "9000000000000.000001")
        }
        let long = String(repeating: "9", count: 37)
        #expect(throws: PriceTextError.tooLarge(long)) { try UnitPrice(perMillionTokens: long) }
        let scaled = String(repeating: "9", count: 36)
        #expect(throws: PriceTextError.tooLarge(scaled)) { try UnitPrice(perMillionTokens: scaled) }
        #expect("\(PriceTextError.tooFine("0.0000001"))".contains("0.0000001"))
    }

    @Test(
        arguments: [
            ("0.006", .one, 6_000_000_000), ("0.000000000001", .one, 1), ("9000000", .one, 9_000_000_000_000_000_000),
            ("2.00", .thousand, 2_000_000_000), ("0.000000001", .thousand, 1), ("15", .million, 15_000_000),
        ] as [(String, PriceBasis, Int64)])
    func `for other numbers of units is read exactly too`(text: String, basis: PriceBasis, pico: Int64) throws {
        #expect(try UnitPrice(text, per: basis) == UnitPrice(picoPerUnit: pico))
    }

    @Test(arguments: PriceBasis.allCases) func `has a finest and a largest for any number of units`(basis: PriceBasis) {
        let tooFine = "0." + String(repeating: "0", count: basis.fractionDigits) + "1"
        #expect(throws: PriceTextError.tooFine(tooFine)) { try UnitPrice(tooFine, per: basis) }
        let tooLarge = "9" + String(repeating: "0", count: 18 - basis.fractionDigits) + ".01"
        #expect(throws: PriceTextError.tooLarge(tooLarge)) { try UnitPrice(tooLarge, per: basis) }
    }

    @Test(
        arguments: [
            (0, "0.00"), (1, "0.000001"), (150_000, "0.15"), (2_500_000, "2.50"), (10_000_000, "10.00"),
            (262_500, "0.2625"),
        ] as [(Int64, String)])
    func `is written with as many digits as it needs`(pico: Int64, text: String) {
        #expect(UnitPrice(picoPerUnit: pico).perMillionTokensText == text)
    }

    @Test func `comes back the same from its own text`() throws {
        var state: UInt64 = 1
        for _ in 0..<3_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let price = UnitPrice(picoPerUnit: Int64(state >> 1) % 9_000_000_000_000_000_000 >> Int64(state % 60))
            #expect(try UnitPrice(perMillionTokens: price.perMillionTokensText) == price)
        }
    }
}

@Suite struct `Money in text` {
    @Test(
        arguments: [
            (0, 2, "0.00"), (1, 12, "0.000000000001"), (1_500_000_000_000, 2, "1.50"), (1_500_000_000_000, 0, "2"),
            (2_500_000_000_000, 0, "2"),
            (-2_500_000_000_000, 0, "-2"), (-1_500_000_000_000, 0, "-2"), (5_000_000_000, 2, "0.00"),
            (15_000_000_000, 2, "0.02"),
            (5_000_000_001, 2, "0.01"), (-1, 2, "0.00"), (999_999_999_999, 6, "1.000000"),
            (-12_340_000_000_000, 3, "-12.340"),
        ] as [(Int64, Int, String)])
    func `has fixed digits, rounded half to even`(pico: Int64, digits: Int, text: String) {
        #expect(Money(pico: Int128(pico)).text(fractionDigits: digits) == text)
    }

    @Test func `covers all of 128 bits`() {
        #expect(Money(pico: .max).text(fractionDigits: 12) == "170141183460469231731687303.715884105727")
        #expect(Money(pico: .min).text(fractionDigits: 12) == "-170141183460469231731687303.715884105728")
        #expect(Money(pico: .max).text(fractionDigits: 0) == "170141183460469231731687304")
    }

    @Test func `is read back exactly or not at all`() {
        #expect(Money(text: "-12.345678901234") == Money(pico: -12_345_678_901_234))
        #expect(Money(text: "0.0000000000001") == nil)
        #expect(Money(text: "1e3") == nil)
    }

    @Test(
        arguments: [
            (499, 0), (500, 0), (501, 1_000), (1_499, 1_000), (1_500, 2_000), (2_500, 2_000), (-500, 0), (-501, -1_000),
            (-1_500, -2_000),
        ] as [(Int64, Int64)])
    func `is rounded to nano-units half to even`(pico: Int64, rounded: Int64) {
        #expect(Money(pico: Int128(pico)).roundedToNano == Money(pico: Int128(rounded)))
    }
}
