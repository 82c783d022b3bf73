// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Ids for function calls that come without one: `call_{responseId}_{n}`, the same however often and in however many
/// chunks the answer is read, and short enough for every wire (`[a-zA-Z0-9_-]{1,64}`).
///
/// A `responseId` that would not fit is hashed; an answer without one gives its calls the hash of what they call.
struct GenerateContentCallID {
    static let bytesMax = 64
    /// What `call_` and 19 digits leave, the line behind the stem included.
    static let stemBytesMax = 40

    private var stem = InlineArray<40, UInt8>(repeating: 0)
    private var stemCount = 0

    /// The first id of an answer is the one that counts.
    mutating func note(responseID: JSONString) {
        guard stemCount == 0, !responseID.isEmpty else { return }
        guard responseID.bytes.count < Self.stemBytesMax, responseID.bytes.allSatisfy(Self.isAllowed) else {
            return setStem(hash: Self.hash(responseID.bytes))
        }
        for byte in responseID.bytes { append(byte) }
    }

    /// - Parameter number: of the call in its answer, from 0.
    func id(_ number: Int, name: JSONString, arguments: JSONRaw, _ arena: ByteArena) -> JSONString {
        var id = self
        if stemCount == 0 { id.setStem(hash: Self.hash(arguments.bytes, from: Self.hash(name.bytes))) }
        id.append(95)
        return id.written(number, arena)
    }

    /// Id of the call `number` of a request whose caller knows no ids: `call_{n}`.
    static func id(_ number: Int, _ arena: ByteArena) -> JSONString { GenerateContentCallID().written(number, arena) }

    /// `call_`, the stem as it stands, and the number.
    private func written(_ number: Int, _ arena: ByteArena) -> JSONString {
        let memory = arena.take(Self.bytesMax)
        let prefix: StaticString = "call_"
        memory.copyMemory(from: UnsafeRawBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        var count = prefix.utf8CodeUnitCount
        for i in 0..<stemCount { memory[count + i] = stem[i] }
        count += stemCount
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0, count < Self.bytesMax {
            memory[count] = 48 + UInt8(truncatingIfNeeded: number / divisor % 10)
            count += 1
            divisor /= 10
        }
        return JSONString(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<count]), hasEscapes: false)
    }

    // MARK: Stem

    private mutating func append(_ byte: UInt8) {
        guard stemCount < Self.stemBytesMax else { return }
        stem[stemCount] = byte
        stemCount += 1
    }

    private mutating func setStem(hash: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let nibble = UInt8(truncatingIfNeeded: hash >> UInt64(shift) & 15)
            append(nibble < 10 ? 48 + nibble : 87 + nibble)
        }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, 45, 95: true
        default: false
        }
    }

    /// FNV-1a of 64 bits (Fowler, Noll, Vo).
    private static func hash(_ bytes: UnsafeRawBufferPointer, from start: UInt64 = 0xCBF2_9CE4_8422_2325) -> UInt64 {
        var hash = start
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}
