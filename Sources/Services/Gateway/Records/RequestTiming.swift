// SPDX-License-Identifier: Apache-2.0
// Isobar

/// When what happened to one request, in the loop's monotonic nanoseconds; 0 means not yet.
struct RequestTiming {
    /// First byte of the request's head.
    var arrived: Int64 = 0
    /// Last byte of the request.
    var received: Int64 = 0
    /// First content byte of the answer handed to the client's socket.
    var firstContent: Int64 = 0
    /// Last content of the answer.
    var lastContent: Int64 = 0
    var finished: Int64 = 0
}
