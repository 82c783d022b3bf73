// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Finds where whole elements of one long JSON array end, across any split of the bytes: how Google streams when nobody
/// asks for events.
///
/// Only brackets and strings are looked at; whoever reads the element says whether it is JSON. An object that stands
/// alone, without an array around it, is found like an element: errors come that way.
/// - Limits: elements of at most `elementBytesMax`, 128 levels deep. Every byte is looked at once.
public struct JSONArrayFraming: Sendable {
    public enum Step: Equatable, Sendable {
        /// A whole element, without what separates it from others.
        case element(ByteRange)
        /// The rest is the beginning of something; more bytes are needed.
        case more
        /// No array of objects, or an element beyond the limits: nothing more can be found.
        case malformed
    }

    private enum Place: Sendable {
        case beforeArray, beforeFirst, beforeElement, inElement, afterElement, afterArray, afterBare, broken
    }

    private let elementBytesMax: Int
    private var place = Place.beforeArray
    private var isArray = false
    /// Bytes of the unfinished element that have been looked at.
    private var scanned = 0
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    public init(elementBytesMax: Int) { self.elementBytesMax = elementBytesMax }

    /// Whether what was begun has ended: the array was closed, or a bare object was whole. Bytes that end elsewhere were
    /// cut off.
    public var isComplete: Bool { place == .afterArray || place == .afterBare }

    /// The next element at or behind `offset`, which moves behind what was found. Call again until it says `more`; then
    /// keep the bytes from `offset` on and call again with these and more, from 0.
    public mutating func next(_ bytes: UnsafeRawBufferPointer, from offset: inout Int) -> Step {
        while place != .inElement {
            guard offset < bytes.count else { return .more }
            let byte = bytes[offset]
            if !Self.isSpace(byte) {
                move(at: byte)
                if place == .broken { return .malformed }
            }
            if place != .inElement { offset += 1 }
        }
        return scanElement(bytes, from: &offset)
    }

    /// What a byte between elements means. An opening brace is not taken: it belongs to its element.
    private mutating func move(at byte: UInt8) {
        switch (place, byte) {
        case (.beforeArray, 91):
            place = .beforeFirst
            isArray = true
        case (.beforeFirst, 93), (.afterElement, 93): place = .afterArray
        case (.afterElement, 44): place = .beforeElement
        case (.beforeArray, 123), (.beforeFirst, 123), (.beforeElement, 123), (.afterBare, 123): place = .inElement
        default: place = .broken
        }
    }

    private mutating func scanElement(_ bytes: UnsafeRawBufferPointer, from offset: inout Int) -> Step {
        var at = offset + scanned
        while at < bytes.count, at - offset < elementBytesMax {
            look(at: bytes[at])
            at += 1
            if depth == 0 {
                let element = ByteRange(offset, at)
                offset = at
                scanned = 0
                place = isArray ? .afterElement : .afterBare
                return .element(element)
            }
            if depth > JSONScanner.depthMax { return fail() }
        }
        scanned = at - offset
        return scanned < elementBytesMax ? .more : fail()
    }

    @inline(__always)
    private mutating func look(at byte: UInt8) {
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if byte == 92 {
                isEscaped = true
            } else if byte == 34 {
                isInString = false
            }
            return
        }
        switch byte {
        case 34: isInString = true
        case 123, 91: depth += 1
        case 125, 93: depth -= 1
        default: break
        }
    }

    private mutating func fail() -> Step {
        place = .broken
        return .malformed
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }
}
