// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// The value of a number that only steers sampling, to tell a neutral one from a wish. Numbers go out as they came.
enum SamplingNumber {
    static func value(_ number: JSONRaw) -> Double? { Double(String(decoding: number.bytes, as: UTF8.self)) }
}
