// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

/// Bytes whose place can be told from their value, so that a lost or doubled stretch is seen.
func pattern(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { memory, filled in
        for i in 0..<count { memory[i] = UInt8(truncatingIfNeeded: i &* 2_654_435_761 >> 13) }
        filled = count
    }
}

/// Whether all of `expected` arrived. Says where they part; megabytes in a failure's message would help nobody.
func expectSame(_ bytes: [UInt8]?, _ expected: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    let bytes = bytes ?? []
    if bytes == expected { return }
    let place = zip(bytes, expected).prefix { $0 == $1 }.reduce(into: 0) { count, _ in count += 1 }
    Issue.record("\(bytes.count) of \(expected.count) bytes, the same up to \(place)", sourceLocation: sourceLocation)
}
