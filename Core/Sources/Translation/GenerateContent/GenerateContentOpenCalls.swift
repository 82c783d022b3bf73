// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Tool calls of a stream that have begun and not ended: their arguments come in fragments and leave whole.
///
/// - Limits: 128 calls at once, 4 MiB of arguments among them.
struct GenerateContentOpenCalls {
    static let callsMax = 128
    static let bytesMax = 4 << 20

    private var calls: [Call] = []
    private var bytes = 0

    struct Call {
        fileprivate var block: Int
        fileprivate var id: [UInt8]
        fileprivate var name: [UInt8]
        fileprivate var signature: [UInt8] = []
        fileprivate var arguments: [UInt8] = []
        /// Arguments came as an object; else as text, escaped for a string.
        fileprivate var isObject = false
    }

    /// Block of the call that began first.
    var first: Int? { calls.first?.block }

    // Each says whether the call is still within what is known and allowed.

    mutating func begin(_ block: Int, id: JSONString, name: JSONString) -> Bool {
        guard calls.count < Self.callsMax, hold(id), hold(name) else { return false }
        calls.append(Call(block: block, id: Array(id.bytes), name: Array(name.bytes)))
        return true
    }

    mutating func append(_ fragment: JSONString, to block: Int) -> Bool {
        guard let index = index(block), hold(fragment) else { return false }
        calls[index].arguments.append(contentsOf: fragment.bytes)
        return true
    }

    mutating func set(_ arguments: JSONRaw, of block: Int) -> Bool {
        guard let index = index(block) else { return false }
        bytes -= calls[index].arguments.count
        guard hold(JSONString(arguments.bytes, hasEscapes: false)) else { return false }
        calls[index].arguments = Array(arguments.bytes)
        calls[index].isObject = true
        return true
    }

    /// A signature that comes behind its call is too late: the call has been written.
    mutating func sign(_ signature: JSONString, _ block: Int) -> Bool {
        guard let index = index(block) else { return true }
        guard hold(signature) else { return false }
        calls[index].signature = Array(signature.bytes)
        return true
    }

    /// Takes the call out; `nil` when it has ended before.
    mutating func end(_ block: Int) -> Call? {
        guard let index = index(block) else { return nil }
        let call = calls.remove(at: index)
        bytes -= call.id.count + call.name.count + call.signature.count + call.arguments.count
        return call
    }

    private func index(_ block: Int) -> Int? { calls.firstIndex { $0.block == block } }

    private mutating func hold(_ text: JSONString) -> Bool {
        bytes += text.bytes.count
        return bytes <= Self.bytesMax
    }
}

extension GenerateContentOpenCalls.Call {
    /// Hands over the call as a part.
    /// - Returns: false, without doing so, when the arguments are no JSON object.
    func withPart(_ body: (Part) -> Void) -> Bool {
        let arena = ByteArena()
        let held = JSONString(Self.copy(arguments, arena), hasEscapes: !isObject)
        let text = arena.unescaped(held)
        let isNothing = text.allSatisfy { $0 == 32 || $0 == 10 || $0 == 13 || $0 == 9 }
        guard isNothing || JSONObject.isValid(text) else { return false }
        var part = Part(.toolCall)
        if !isNothing { part.arguments = JSONRaw(text) }
        part.id = JSONString(Self.copy(id, arena), hasEscapes: true)
        part.name = JSONString(Self.copy(name, arena), hasEscapes: true)
        part.signature = JSONString(Self.copy(signature, arena), hasEscapes: false)
        body(part)
        return withExtendedLifetime(arena) { true }
    }

    private static func copy(_ bytes: [UInt8], _ arena: ByteArena) -> UnsafeRawBufferPointer {
        let memory = arena.take(bytes.count)
        memory.copyBytes(from: bytes)
        return UnsafeRawBufferPointer(memory)
    }
}
