// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Recognises RSA keys of CVE-2017-15361 by their modulus: modulo each small prime it is a power of 65537 (Nemec et al.,
/// "The Return of Coppersmith's Attack", CCS 2017, §2.1).
enum ROCA {
    /// - Returns: for a modulus made otherwise, true with a chance below 2⁻²⁷.
    static func isSuspect(_ modulus: [UInt8]) -> Bool {
        primes.allSatisfy { prime in powers(modulo: prime).contains(modulus.reduce(0) { ($0 << 8 | Int($1)) % prime }) }
    }

    private static let primes = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
        127, 131, 137, 139, 149, 151, 157, 163, 167,
    ]

    private static func powers(modulo prime: Int) -> Set<Int> {
        var powers: Set<Int> = []
        var power = 1
        while powers.insert(power).inserted { power = power * 65_537 % prime }
        return powers
    }
}
