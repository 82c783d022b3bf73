// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Writes frames of an AWS event stream, as Bedrock does: for doubles of it and for tests.
public enum AWSEventStreamEncoder {
    public static func event(
        _ type: String, payload: some Sequence<UInt8>, contentType: String = "application/json"
    ) -> [UInt8] {
        let headers =
            header(":event-type", type) + header(":content-type", contentType) + header(":message-type", "event")
        return frame(headers: headers, payload: payload)
    }

    public static func exception(_ type: String, payload: some Sequence<UInt8>) -> [UInt8] {
        let headers =
            header(":exception-type", type) + header(":content-type", "application/json")
            + header(":message-type", "exception")
        return frame(headers: headers, payload: payload)
    }

    public static func error(code: String, message: String) -> [UInt8] {
        let headers =
            header(":error-code", code) + header(":error-message", message) + header(":message-type", "error")
        return frame(headers: headers, payload: [])
    }

    /// What InvokeModel's stream wraps a vendor's own event in.
    public static func chunk(_ event: some Sequence<UInt8>) -> [UInt8] {
        let payload = Array(#"{"bytes":""#.utf8) + Base64.encode(Array(event)) + Array(#""}"#.utf8)
        return Self.event("chunk", payload: payload)
    }

    /// One header with a string.
    /// - Parameters:
    ///   - name: 1 to 255 bytes.
    ///   - value: at most 65,535 bytes.
    public static func header(_ name: String, _ value: String) -> [UInt8] {
        let length = value.utf8.count
        precondition(length <= 0xFFFF, "a header's value has at most 65,535 bytes: \(length)")
        return header(name, type: 7, value: [UInt8(length >> 8), UInt8(length & 0xFF)] + value.utf8)
    }

    /// One header of any type.
    /// - Parameter value: as it stands in the frame, with its length where the type has one.
    public static func header(_ name: String, type: UInt8, value: some Sequence<UInt8>) -> [UInt8] {
        let length = name.utf8.count
        precondition((1...255).contains(length), "a header's name has 1 to 255 bytes: \(length)")
        return [UInt8(length)] + name.utf8 + [type] + value
    }

    /// Lengths and checksums around headers and a payload, whatever they are.
    public static func frame(headers: [UInt8], payload: some Sequence<UInt8>) -> [UInt8] {
        let payload = Array(payload)
        let total = AWSEventStream.overheadBytes + headers.count + payload.count
        var frame = bigEndian(UInt32(total)) + bigEndian(UInt32(headers.count))
        frame += bigEndian(frame.withUnsafeBytes(CRC32.checksum))
        frame += headers
        frame += payload
        return frame + bigEndian(frame.withUnsafeBytes(CRC32.checksum))
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
