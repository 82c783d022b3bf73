// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Glibc

/// A blocking HTTP/1.1 client for tests: sends any bytes, shows what really came back, and shares no code with what it
/// tests.
public final class TestConnection {
    private let descriptor: Int32
    private var input: [UInt8] = []

    public struct Answer: Sendable {
        public var status: Int
        /// Status line and fields in lower case.
        public var head: String
        public var body: String
    }

    /// The connection ended, or stayed silent for too long, before what was waited for.
    public struct Ended: Error {
        public init() {}
    }

    /// Reads fail after this long, so that a broken server fails a test instead of hanging it.
    private static let patienceSeconds = 10

    public init(port: UInt16, receiveBufferBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: Self.patienceSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        if var size = receiveBufferBytes { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if code != 0 { throw Ended() }
    }

    deinit { close(descriptor) }

    public func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let n = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if n <= 0 { return }
            rest = rest.dropFirst(n)
        }
    }

    public func finishWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes with a reset instead of a clean end.
    public func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        dup2(open("/dev/null", O_RDONLY), descriptor)
    }

    // MARK: Reading

    /// - Returns: `false` at the end of the connection, however it came.
    private func fill() -> Bool {
        var memory = [UInt8](repeating: 0, count: 65_536)
        let n = recv(descriptor, &memory, memory.count, 0)
        guard n > 0 else { return false }
        input += memory[..<n]
        return true
    }

    public func read(upTo mark: String) throws -> String {
        let pattern = Array(mark.utf8)
        while true {
            if let range = input.firstRange(of: pattern) {
                defer { input.removeFirst(range.upperBound) }
                return String(decoding: input[..<range.upperBound], as: UTF8.self)
            }
            guard fill() else { throw Ended() }
        }
    }

    public func read(count: Int) throws -> String {
        while input.count < count { guard fill() else { throw Ended() } }
        defer { input.removeFirst(count) }
        return String(decoding: input[..<count], as: UTF8.self)
    }

    /// Everything up to the end of the connection.
    public func readToEnd() -> String {
        while fill() {}
        defer { input = [] }
        return String(decoding: input, as: UTF8.self)
    }

    public func readHead() throws -> Answer {
        let head = try read(upTo: "\r\n\r\n")
        return Answer(status: Int(head.dropFirst(9).prefix(3)) ?? 0, head: head.lowercased(), body: "")
    }

    public func readAnswer() throws -> Answer {
        var answer = try readHead()
        if answer.head.contains("transfer-encoding: chunked") {
            while let piece = try readChunk() { answer.body += piece }
        } else if let range = answer.head.firstRange(of: "content-length: ") {
            answer.body = try read(count: Int(answer.head[range.upperBound...].prefix { $0.isNumber }) ?? 0)
        }
        return answer
    }

    /// One chunk of a stream; `nil` is its end.
    public func readChunk() throws -> String? {
        let size = Int(try read(upTo: "\r\n").filter(\.isHexDigit), radix: 16) ?? 0
        let data = try read(count: size)
        _ = try read(upTo: "\r\n")
        return size == 0 ? nil : data
    }
}

extension TestConnection {
    /// One request with a body on this connection.
    public func ask(_ method: String, _ path: String, body: String = "", fields: String = "") throws -> Answer {
        write("\(method) \(path) HTTP/1.1\r\nHost: test\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return try readAnswer()
    }
}

extension TestConnection {
    /// Whether nothing has arrived and the connection is open.
    public var isSilent: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK)) < 0 && errno == EAGAIN
    }

    /// Waits until something arrives, or the end does.
    /// - Returns: false when neither came within the time.
    public func hasInput(withinMilliseconds milliseconds: Int32) -> Bool {
        var question = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return !input.isEmpty || poll(&question, 1, milliseconds) > 0
    }
}
