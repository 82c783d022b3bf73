// SPDX-License-Identifier: Apache-2.0
// Isobar

import CoreTestSupport
import Testing
import WireFormats

/// The JSON parsing test suite (nst/JSONTestSuite, MIT): files `y_` must be accepted, `n_` refused, `i_` are ours to
/// choose.
@Suite(.enabled(if: Vectors.areThere("json-parsing/test_parsing"))) struct JSONVectorTests {
    private static let folder = "json-parsing/test_parsing"

    /// Free cases that are accepted. Numbers keep their text, so none overflows; a lone surrogate is an escape like any
    /// other to a gateway that passes it on, and becomes U+FFFD only in the tree. All other free cases are refused:
    /// invalid UTF-8, UTF-16, a byte order mark, and 500 levels of nesting.
    private static let acceptedByChoice: Set<String> = [
        "i_number_double_huge_neg_exp.json", "i_number_huge_exp.json", "i_number_neg_int_huge_exp.json",
        "i_number_pos_double_huge_exp.json",
        "i_number_real_neg_overflow.json", "i_number_real_pos_overflow.json", "i_number_real_underflow.json",
        "i_number_too_big_neg_int.json",
        "i_number_too_big_pos_int.json", "i_number_very_big_negative_int.json", "i_object_key_lone_2nd_surrogate.json",
        "i_string_1st_surrogate_but_2nd_missing.json", "i_string_1st_valid_surrogate_2nd_invalid.json",
        "i_string_incomplete_surrogate_and_escape_valid.json", "i_string_incomplete_surrogate_pair.json",
        "i_string_incomplete_surrogates_escape_valid.json", "i_string_invalid_lonely_surrogate.json",
        "i_string_invalid_surrogate.json",
        "i_string_inverted_surrogates_U+1D11E.json", "i_string_lone_second_surrogate.json",
    ]

    private func isAccepted(_ bytes: [UInt8]) -> Bool { (try? JSONValue(parsing: bytes)) != nil }

    @Test func `every file that must be accepted is, and every file that must be refused is`() {
        var counts = (accepted: 0, refused: 0)
        for name in Vectors.names(in: Self.folder) where !name.hasPrefix("i_") {
            let mustAccept = name.hasPrefix("y_")
            #expect(isAccepted(Vectors.bytes("\(Self.folder)/\(name)")) == mustAccept, "\(name)")
            if mustAccept { counts.accepted += 1 } else { counts.refused += 1 }
        }
        #expect(counts == (95, 188), "files are missing")
    }

    @Test func `free cases go as chosen`() {
        for name in Vectors.names(in: Self.folder) where name.hasPrefix("i_") {
            #expect(
                isAccepted(Vectors.bytes("\(Self.folder)/\(name)")) == Self.acceptedByChoice.contains(name), "\(name)")
        }
    }

    @Test func `the request scan agrees with the tree reader on every file`() {
        for name in Vectors.names(in: Self.folder) {
            let bytes = Vectors.bytes("\(Self.folder)/\(name)")
            let scanned = Scanned(bytes)
            let isSyntaxFault = if case .syntax? = scanned.fault { true } else { scanned.fault == .empty }
            #expect(isSyntaxFault == !isAccepted(bytes), "\(name)")
        }
    }
}
