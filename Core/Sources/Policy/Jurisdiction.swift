// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A country or territory whose law counts, as a small integer; or "anywhere".
///
/// Officially assigned ISO 3166-1 alpha-2 codes, in alphabetical order, which is also the order in which answers name
/// them; "anywhere" comes last. It stands for some place that no rule covers, so nothing is at home there.
public struct Jurisdiction: Hashable, Comparable, BitwiseCopyable, Sendable {
    public let index: UInt8

    init(index: UInt8) { self.index = index }

    /// - Returns: `nil` for what is not an assigned code.
    public init?(code: String) {
        guard let index = Self.indexByCode[code] else { return nil }
        self.index = index
    }

    public static let anywhere = Jurisdiction(index: 255)

    /// `DE`, or `anywhere`.
    public var code: String { self == .anywhere ? "anywhere" : Self.codes[Int(index)] }

    public static func < (a: Self, b: Self) -> Bool { a.index < b.index }

    public static let codes: [String] = assigned.split(separator: " ").map { String($0) }
    private static let indexByCode = Dictionary(uniqueKeysWithValues: zip(codes, (0 as UInt8)...))

    private static let assigned = """
        AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
        CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO \
        FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
        JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
        MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
        PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM \
        TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
        """
}
