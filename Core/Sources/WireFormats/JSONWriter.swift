// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CByteScan

/// Writes JSON (and what surrounds it in streams) into memory that grows and is kept for the next use.
///
/// Commas are the writer's business: `name` and `element` put one where it belongs, so that a translator only says what
/// there is. Brackets are balanced by the caller; `isBalanced` says so in tests.
/// - Threading: confined to its owner. `bytes` is valid until the next write.
public final class JSONWriter {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    public private(set) var count = 0
    /// A value stands before the position, in the same container.
    private var needsComma = false
    private var depth = 0

    public init(capacity: Int = 4096) {
        self.capacity = capacity
        base = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
    public var isEmpty: Bool { count == 0 }
    public var isBalanced: Bool { depth == 0 }

    /// Forgets what was written; keeps the memory up to `keptBytesMax`.
    public func reset() {
        if capacity > Self.keptBytesMax {
            base.deallocate()
            capacity = Self.keptBytesMax
            base = .allocate(byteCount: capacity, alignment: 16)
        }
        count = 0
        needsComma = false
        depth = 0
    }

    private static let keptBytesMax = 1 << 20

    // MARK: Structure

    @inline(__always)
    public func beginObject() { open(123) }
    @inline(__always)
    public func endObject() { close(125) }
    @inline(__always)
    public func beginArray() { open(91) }
    @inline(__always)
    public func endArray() { close(93) }

    /// Name of the next member; a value, `beginObject` or `beginArray` must follow.
    public func name(_ name: JSONString) {
        string(name)
        byte(58)
        needsComma = false
    }

    // MARK: Values

    public func string(_ text: JSONString) {
        comma()
        byte(34)
        append(text.bytes)
        byte(34)
        needsComma = true
    }

    /// A string whose content is given as characters: what must be escaped is.
    public func string(escaping text: String) {
        beginString()
        var text = text
        text.withUTF8 { escape(UnsafeRawBufferPointer($0)) }
        endString()
    }

    public func raw(_ value: JSONRaw) {
        comma()
        append(value.bytes)
        needsComma = true
    }

    public func integer(_ value: Int64) {
        comma()
        append(decimal: value)
        needsComma = true
    }

    public func bool(_ value: Bool) { raw(value ? "true" : "false") }
    public func null() { raw("null") }

    // MARK: Members in one call

    public func member(_ name: JSONString, _ value: JSONString) {
        self.name(name)
        string(value)
    }
    public func member(_ name: JSONString, raw value: JSONRaw) {
        self.name(name)
        raw(value)
    }
    public func member(_ name: JSONString, _ value: Int64) {
        self.name(name)
        integer(value)
    }
    public func member(_ name: JSONString, _ value: Bool) {
        self.name(name)
        bool(value)
    }

    public func member(_ name: JSONString, strings: [JSONString]) {
        self.name(name)
        beginArray()
        for text in strings { string(text) }
        endArray()
    }

    // MARK: Strings in pieces

    /// Opens a string whose content comes in pieces: `piece` for escaped text, `escape` for characters.
    public func beginString() {
        comma()
        byte(34)
    }

    public func piece(_ text: JSONString) { append(text.bytes) }

    /// Adds characters to the open string, escaped where they must be. A run that needs none is copied whole.
    public func escape(_ characters: UnsafeRawBufferPointer) {
        guard let start = characters.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        let end = start + characters.count
        var from = start
        while from < end {
            var stop = isobar_json_plain_end(from, end)
            // Bytes above 0x7F end a plain run but need no escape.
            while stop < end, stop.pointee > 0x7F { stop = isobar_json_plain_end(stop + 1, end) }
            append(UnsafeRawBufferPointer(start: from, count: stop - from))
            guard stop < end else { return }
            escape(byte: stop.pointee)
            from = stop + 1
        }
    }

    public func endString() {
        byte(34)
        needsComma = true
    }

    private func escape(byte value: UInt8) {
        byte(92)
        switch value {
        case 34, 92: byte(value)
        case 10: byte(110)
        case 13: byte(114)
        case 9: byte(116)
        default:
            piece("u00")
            byte(Self.hexadecimal(value >> 4))
            byte(Self.hexadecimal(value & 15))
        }
    }

    private static func hexadecimal(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 87 + nibble }

    // MARK: Around JSON

    /// Bytes that are no JSON value: `data: `, line ends. The next value stands alone again.
    public func text(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        needsComma = false
    }

    public func append(_ source: UnsafeRawBufferPointer) {
        guard let start = source.baseAddress, source.count > 0 else { return }
        if source.count > capacity - count { grow(source.count) }
        (base + count).copyMemory(from: start, byteCount: source.count)
        count += source.count
    }

    public func append(decimal value: Int64) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var rest = value.magnitude
        var at = 20
        repeat {
            at -= 1
            digits[at] = 48 + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
        if value < 0 { byte(45) }
        for i in at..<20 { byte(digits[i]) }
    }

    /// Drops everything behind `mark`, a former `count`.
    public func rewind(to mark: Int) {
        precondition(mark <= count, "rewinds only backwards: \(mark) of \(count)")
        count = mark
    }

    /// Goes on with an object whose opening bracket and first members were appended as bytes.
    public func continueObject() {
        depth += 1
        needsComma = true
    }

    // MARK: Bytes

    @inline(__always)
    private func comma() {
        if needsComma { byte(44) }
    }

    @inline(__always)
    private func open(_ bracket: UInt8) {
        comma()
        byte(bracket)
        depth += 1
        needsComma = false
    }

    @inline(__always)
    private func close(_ bracket: UInt8) {
        byte(bracket)
        depth -= 1
        needsComma = true
    }

    @inline(__always)
    public func byte(_ value: UInt8) {
        if count == capacity { grow(1) }
        base.storeBytes(of: value, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    private func grow(_ more: Int) {
        let wider = max(capacity * 2, count + more)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: wider, alignment: 16)
        memory.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = memory
        capacity = wider
    }
}
