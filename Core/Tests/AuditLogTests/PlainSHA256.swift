// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog

/// SHA-256 (FIPS 180-4) in plain Swift, so that Core's tests need no library; slow, and an independent second opinion.
enum PlainSHA256: TreeHash {
    static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        var message = Array(bytes)
        message.append(0x80)
        while message.count % 64 != 56 { message.append(0) }
        message += withUnsafeBytes(of: UInt64(bytes.count * 8).bigEndian) { Array($0) }
        var state = initial
        for start in stride(from: 0, to: message.count, by: 64) { compress(message[start..<(start + 64)], &state) }
        guard let digest = Digest(state.flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }) else {
            preconditionFailure("eight words are 32 bytes")
        }
        return digest
    }

    private static func compress(_ block: ArraySlice<UInt8>, _ state: inout [UInt32]) {
        var w = [UInt32](repeating: 0, count: 64)
        for (index, byte) in block.enumerated() { w[index / 4] = w[index / 4] << 8 | UInt32(byte) }
        for t in 16..<64 {
            let s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3
            let s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10
            w[t] = w[t - 16] &+ s0 &+ w[t - 7] &+ s1
        }
        var v = state
        for t in 0..<64 {
            let s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)
            let first = v[7] &+ s1 &+ ((v[4] & v[5]) ^ (~v[4] & v[6])) &+ rounds[t] &+ w[t]
            let s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)
            let second = s0 &+ ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]))
            v = [first &+ second, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
        }
        for i in 0..<8 { state[i] = state[i] &+ v[i] }
    }

    private static func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 { word >> bits | word << (32 - bits) }

    private static let primes: [UInt64] = (2..<312).filter { n in !(2..<n).contains { n % $0 == 0 } }.map { UInt64($0) }
    /// The first 32 bits of the fractions of the primes' square roots and cube roots, found by integer search.
    private static let initial = primes.prefix(8).map { fraction(of: $0, power: 2) }
    private static let rounds = primes.prefix(64).map { fraction(of: $0, power: 3) }

    private static func fraction(of prime: UInt64, power: Int) -> UInt32 {
        // The largest x with x^power <= prime · 2^(32·power): its low 32 bits are the fraction.
        var x: UInt64 = 0
        for bit in (0..<40).reversed() {
            let candidate = x | 1 << UInt64(bit)
            if isAtMost(candidate, prime, power) { x = candidate }
        }
        return UInt32(truncatingIfNeeded: x)
    }

    private static func isAtMost(_ x: UInt64, _ prime: UInt64, _ power: Int) -> Bool {
        var product = [x & 0xFFFF_FFFF, x >> 32, 0, 0, 0]
        for _ in 1..<power { product = multiply(product, x) }
        var limit = [UInt64](repeating: 0, count: 5)
        limit[power] = prime
        for i in (0..<5).reversed() where product[i] != limit[i] { return product[i] < limit[i] }
        return true
    }

    /// Numbers of five 32-bit limbs, lowest first.
    private static func multiply(_ a: [UInt64], _ b: UInt64) -> [UInt64] {
        var result = [UInt64](repeating: 0, count: 5)
        for (shift, limb) in [b & 0xFFFF_FFFF, b >> 32].enumerated() {
            var carry: UInt64 = 0
            for i in 0..<(5 - shift) {
                let sum = result[i + shift] + a[i] * limb + carry
                result[i + shift] = sum & 0xFFFF_FFFF
                carry = sum >> 32
            }
        }
        return result
    }
}
