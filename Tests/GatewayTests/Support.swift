// SPDX-License-Identifier: Apache-2.0
// Isobar

import Reactor
import WireFormats

@testable import Gateway

/// What `write` appends to a writer with room for `capacity` bytes.
func written(capacity: Int = 256, _ write: (inout ByteWriter) -> Void) -> String {
    String(decoding: writtenBytes(capacity: capacity, write).bytes, as: UTF8.self)
}

func writtenBytes(capacity: Int, _ write: (inout ByteWriter) -> Void) -> (bytes: [UInt8], isFull: Bool) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
    defer { memory.deallocate() }
    var writer = ByteWriter(memory)
    write(&writer)
    return (Array(writer.bytes), writer.isFull)
}

/// The bytes of the segments that `fill` appends, in order.
func gathered(_ fill: (inout SegmentList) -> Void) -> (bytes: [UInt8], segments: Int) {
    let memory = UnsafeMutablePointer<Segment>.allocate(capacity: SegmentList.capacity)
    defer { memory.deallocate() }
    var list = SegmentList(memory: memory)
    fill(&list)
    var bytes: [UInt8] = []
    for i in 0..<list.count {
        bytes += UnsafeRawBufferPointer(start: list.pointer[i].base, count: list.pointer[i].count)
    }
    return (bytes, list.count)
}

func bytes(of range: ByteRange, in bytes: UnsafeRawBufferPointer) -> [UInt8] { Array(range.slice(bytes)) }
