// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing

@testable import Gateway

@Suite struct ByteWriterTests {
    @Test func `decimals at every change of length are what String writes`() {
        var values: [Int64] = [0, .min, .min + 1, .max, .max - 1]
        var power: Int64 = 1
        for _ in 0..<19 {
            values += [power, power - 1, power + 1, -power, -power - 1, 1 - power]
            power = power.multipliedReportingOverflow(by: 10).partialValue
        }
        for value in values { #expect(written { $0.append(decimal: value) } == String(value)) }
    }

    @Test func `hexadecimals at every change of length are what String writes, padded to 16 digits when asked`() {
        for bit in 0..<64 {
            for value in [UInt64(1) << UInt64(bit), (UInt64(1) << UInt64(bit)) - 1, .max >> UInt64(bit)] {
                let text = String(value, radix: 16)
                #expect(written { $0.append(hex: value) } == text)
                #expect(
                    written { $0.append(hex: value, padded: true) } == String(repeating: "0", count: 16 - text.count)
                        + text)
            }
        }
    }

    @Test(arguments: [
        (-1, "0.000"), (0, "0.000"), (999, "0.000"), (1_000, "0.001"), (12_345_678, "12.345"),
        (60_000_000_000, "60000.000"),
    ])
    func `milliseconds have three decimals, cut off`(nanoseconds: Int64, text: String) {
        #expect(written { $0.append(millisecondsOf: nanoseconds) } == text)
    }

    @Test func `what exactly fits is written, one byte more is dropped whole and marks the writer full`() {
        let fits = writtenBytes(capacity: 5) { $0.append("12345") }
        #expect(fits.bytes == Array("12345".utf8) && !fits.isFull)
        let over = writtenBytes(capacity: 5) { $0.append("123456") }
        #expect(over.bytes.isEmpty && over.isFull)
    }

    @Test func `numbers and single bytes know fullness too`() {
        #expect(!writtenBytes(capacity: 3) { $0.append(decimal: 999) }.isFull)
        #expect(writtenBytes(capacity: 3) { $0.append(decimal: 1_000) }.isFull)
        #expect(!writtenBytes(capacity: 2) { $0.append(hex: 0xFF) }.isFull)
        #expect(writtenBytes(capacity: 2) { $0.append(hex: 0x100) }.isFull)
        let full = writtenBytes(capacity: 1) { writer in
            writer.append(byte: 65)
            writer.append(byte: 66)
        }
        #expect(full.bytes == [65] && full.isFull)
    }

    @Test func `a full writer stays full`() {
        let result = writtenBytes(capacity: 4) { writer in
            writer.append([1, 2, 3, 4, 5])
            writer.append([1])
        }
        #expect(result.isFull)
    }
}

@Suite struct SegmentListTests {
    @Test func `neighbours in memory become one segment, others stay apart`() {
        let source: [UInt8] = Array(0..<100)
        source.withUnsafeBytes { all in
            let result = gathered { list in
                list.append(UnsafeRawBufferPointer(rebasing: all[0..<10]))
                list.append(UnsafeRawBufferPointer(rebasing: all[10..<30]))
                list.append(UnsafeRawBufferPointer(rebasing: all[50..<60]))
                list.append(UnsafeRawBufferPointer(rebasing: all[40..<50]))
            }
            #expect(result.segments == 3)
            #expect(result.bytes == Array(0..<30) + Array(50..<60) + Array(40..<50))
        }
    }

    @Test func `empty stretches take no place`() {
        let result = gathered { list in
            list.append("")
            list.append(UnsafeRawBufferPointer(start: nil, count: 0))
            list.append("a")
            #expect(list.byteCount == 1)
        }
        #expect(result.segments == 1)
    }

    @Test func `a list is full while there is still room for one more message's framing`() {
        let source: [UInt8] = Array(repeating: 7, count: 2 * SegmentList.capacity)
        source.withUnsafeBytes { all in
            _ = gathered { list in
                while !list.isFull {
                    list.append(UnsafeRawBufferPointer(rebasing: all[(2 * list.count)..<(2 * list.count + 1)]))
                }
                #expect(list.count == SegmentList.capacity - 4)
                #expect(list.byteCount == list.count)
                list.removeAll()
                #expect(!list.isFull && list.byteCount == 0)
            }
        }
    }
}
