// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

/// Standard input and output without buffering: the driver on the other end waits for single lines.
public enum Console {
    public static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// Blocks until a line or the end of input arrives.
    /// - Returns: false at the end of input.
    public static func awaitLine() -> Bool {
        var byte: UInt8 = 0
        while read(STDIN_FILENO, &byte, 1) == 1 {
            if byte == UInt8(ascii: "\n") { return true }
        }
        return false
    }

    /// Reports why the program cannot go on and ends it with status 2.
    public static func fail(_ reason: String) -> Never {
        write(reason, to: STDERR_FILENO)
        exit(2)
    }

    private static func write(_ text: String, to fd: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let start = rest.baseAddress, !rest.isEmpty {
                let count = Glibc.write(fd, start, rest.count)
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}
