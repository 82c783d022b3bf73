// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Vectors as OpenAI's base64: 32-bit floats, little-endian, one behind the other.
enum VectorText {
    /// - Parameter vector: an array of numbers.
    static func writeBase64(_ vector: JSONElement, to writer: JSONWriter) {
        writer.beginString()
        var bits: UInt32 = 0
        var held = 0
        for element in vector.elements {
            let pattern = float(element.raw.bytes).bitPattern
            for shift in stride(from: 0, to: 32, by: 8) {
                bits = bits << 8 | pattern >> UInt32(shift) & 0xFF
                held += 1
                guard held == 3 else { continue }
                put(bits, digits: 4, to: writer)
                (bits, held) = (0, 0)
            }
        }
        // One or two bytes are left over: two or three digits, and padding.
        if held > 0 {
            put(bits << UInt32(8 * (3 - held)), digits: held + 1, to: writer)
            for _ in held..<3 { writer.byte(61) }
        }
        writer.endString()
    }

    private static func put(_ bits: UInt32, digits: Int, to writer: JSONWriter) {
        for digit in 0..<digits { writer.byte(Base64.letter(bits >> UInt32(18 - 6 * digit))) }
    }

    // MARK: Numbers

    /// The float nearest to a JSON number.
    ///
    /// Numbers of up to 15 digits with a small exponent are exact in 64 bits before one rounding (Clinger's fast path).
    /// Rounding to 64 bits and then to 32 could only differ from rounding once where the first hits the middle between
    /// two floats; those, and everything long or tiny, go through the standard library.
    static func float(_ text: UnsafeRawBufferPointer) -> Float {
        if let value = quick(text), value.bitPattern & 0x1FFF_FFFF != 0x1000_0000,
            value == 0 || value.magnitude >= Double(Float.leastNormalMagnitude)
        {
            return Float(value)
        }
        return Float(String(decoding: text, as: UTF8.self)) ?? 0
    }

    private static func quick(_ text: UnsafeRawBufferPointer) -> Double? {
        var digits: UInt64 = 0
        var count = 0
        var exponent = 0
        var at = text.first == 45 ? 1 : 0
        var isFraction = false
        while at < text.count, text[at] | 0x20 != 101 {
            if text[at] == 46 {
                isFraction = true
            } else {
                digits = digits &* 10 &+ UInt64(text[at] &- 48)
                if digits > 0 { count += 1 }
                if isFraction { exponent -= 1 }
            }
            at += 1
        }
        guard count <= 15, let written = self.exponent(text, at), (-22...22).contains(exponent + written) else {
            return nil
        }
        exponent += written
        let value = exponent < 0 ? Double(digits) / powers[-exponent] : Double(digits) * powers[exponent]
        return text.first == 45 ? -value : value
    }

    /// What stands behind an `e`; 0 when there is none.
    private static func exponent(_ text: UnsafeRawBufferPointer, _ position: Int) -> Int? {
        guard position < text.count else { return 0 }
        var at = position + 1
        let isNegative = text[at] == 45
        if text[at] == 43 || isNegative { at += 1 }
        guard text.count - at <= 3 else { return nil }
        var value = 0
        while at < text.count {
            value = value * 10 + Int(text[at]) - 48
            at += 1
        }
        return isNegative ? -value : value
    }

    /// Powers of ten that 64-bit floats have exactly.
    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20,
        1e21, 1e22,
    ]
}
