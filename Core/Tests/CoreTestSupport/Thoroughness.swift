// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

/// How much of a large space a test goes through: `make test` sets `ISOBAR_THOROUGH`, `make core` answers in seconds.
public enum Thoroughness {
    public static let isFull = getenv("ISOBAR_THOROUGH") != nil

    /// `full` of something in a thorough run, a tenth of it else.
    public static func count(_ full: Int) -> Int { isFull ? full : full / 10 }
}
