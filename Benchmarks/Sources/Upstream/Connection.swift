// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Loopback

/// One accepted connection: where it is in its request, and the stream it is being sent.
final class Connection {
    let fd: Int32
    let slot: Int
    /// A request that arrived in pieces.
    var carry = Carry()
    /// What the kernel did not take yet.
    var unsent = Carry()
    /// The body being read. `nil`: a head is expected next.
    var body: BodyDecoder?
    var isModelList = false
    /// What the request speaks, and so the answer.
    var wire = Wire.chat
    /// Whether the request's path asks for a stream.
    var pathStreams = false
    /// Content bytes of a body already decoded at the front of `carry`.
    var bodyCount = 0
    /// Chunks of text still to send. `nil`: no stream is running.
    var chunksLeft: Int?
    var wantsUsage = false
    /// The request's number, `Template.numberCount` digits.
    let number = UnsafeMutableRawBufferPointer.allocate(byteCount: Template.numberCount, alignment: 16)
    /// Where the pacer holds this stream; meaningful while `chunksLeft` is set.
    var streamIndex = 0

    init(fd: Int32, slot: Int) {
        self.fd = fd
        self.slot = slot
    }

    deinit { number.deallocate() }
}
