// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CFuzzDriver
internal import Glibc
public import WireFormats

/// What all fuzzers need: a check that stops the fuzzer whatever it was built with, and ways to cut an input.
public enum Fuzz {
    /// Hands the process to libFuzzer.
    public static func run(_ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt) {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments, test))
    }

    /// Stops with a message when a property does not hold. Not `precondition`, which is silent in release builds.
    public static func check(_ holds: Bool, _ claim: @autoclosure () -> String) {
        guard !holds else { return }
        // Straight to the descriptor: what stands in a buffer is lost with the process.
        let message = Array("does not hold: \(claim())\n".utf8)
        _ = write(STDERR_FILENO, message, message.count)
        abort()
    }

    /// A range that a parser gave back lies inside the bytes it was given.
    public static func check(_ range: ByteRange, inside count: Int, _ name: String) {
        check(range.start >= 0 && range.count >= 0 && range.end <= count, "\(name) \(range) is inside \(count) bytes")
    }

    /// Calls `body` with a copy of exactly these bytes, so that the sanitizer sees a read beyond them, or after them.
    public static func withCopy<Result>(
        of bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        return body(UnsafeRawBufferPointer(copy))
    }

    /// FNV-1a of 64 bits: what an input itself decides follows from it.
    public static func hash(_ bytes: [UInt8]) -> UInt64 {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return state
    }

    /// Positions to cut an input at: every one of a short input, else some that the input itself decides.
    public static func cuts(of bytes: [UInt8]) -> [Int] {
        guard bytes.count > 96 else { return Array(0...bytes.count) }
        var state = hash(bytes)
        return (0..<48).map { step in
            state = state &* 6_364_136_223_846_793_005 &+ UInt64(step)
            return Int(state >> 33) % (bytes.count + 1)
        }
    }
}
