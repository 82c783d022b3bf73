// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Logging

/// One JSON object per line: `ts`, `level`, `logger`, `msg`, then metadata under its own keys.
///
/// Messages are constant, data goes into metadata; metadata whose key names a secret is replaced by `<redacted>`.
public struct JSONLogHandler: LogHandler {
    /// A line is cut (a string in it ends with `…`) rather than allowed to flood the log.
    static let valueBytesMax = 4_096
    private static let nestingMax = 4

    private let label: String
    private let sink: LogSink
    /// Milliseconds since 1970; an argument so that tests do not read a clock.
    private let clock: @Sendable () -> Int64

    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    public init(label: String, level: Logger.Level, sink: LogSink, clock: @escaping @Sendable () -> Int64) {
        self.label = label
        self.sink = sink
        self.clock = clock
        logLevel = level
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line = JSONLine()
        line.field("ts", LogTime.text(millisecondsSince1970: clock()))
        line.field("level", event.level.rawValue)
        line.field("logger", label)
        line.field("msg", event.message.description)
        if let error = event.error { line.field("error", String(describing: error)) }
        for (key, value) in merged(with: event.metadata).sorted(by: { $0.key < $1.key }) {
            // Because: a metadata key must not be able to pose as a field of ours.
            let name = Self.reserved.contains(key) ? "metadata.\(key)" : key
            if Redaction.isSecret(key: key) {
                line.field(name, Redaction.mark)
            } else {
                append(value, as: name, to: &line, nesting: 0)
            }
        }
        sink.write(line.finished())
    }

    private static let reserved: Set<String> = ["ts", "level", "logger", "msg", "error"]

    /// The most specific source wins: the call, then the logger, then the task.
    private func merged(with call: Logger.Metadata?) -> Logger.Metadata {
        var all = metadataProvider?.get() ?? [:]
        all.merge(metadata) { $1 }
        if let call { all.merge(call) { $1 } }
        return all
    }

    private func append(_ value: Logger.MetadataValue, as key: String, to line: inout JSONLine, nesting: Int) {
        guard nesting < Self.nestingMax else { return line.field(key, "…") }
        switch value {
        case .string(let text): line.field(key, text)
        case .stringConvertible(let value): line.field(key, value.description)
        case .array(let values):
            line.field(key, values.map { "\($0)" }.joined(separator: ", "))
        case .dictionary(let entries):
            for (name, value) in entries.sorted(by: { $0.key < $1.key }) {
                let path = "\(key).\(name)"
                if Redaction.isSecret(key: name) {
                    line.field(path, Redaction.mark)
                } else {
                    append(value, as: path, to: &line, nesting: nesting + 1)
                }
            }
        }
    }
}

/// `{"key":"value",…}` as bytes.
struct JSONLine {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    mutating func field(_ key: String, _ value: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        quote(key)
        bytes.append(UInt8(ascii: ":"))
        quote(value)
    }

    func finished() -> [UInt8] { bytes + [UInt8(ascii: "}"), UInt8(ascii: "\n")] }

    /// Escapes per RFC 8259, 7, and DEL, which terminals act on.
    private mutating func quote(_ text: String) {
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8.prefix(JSONLogHandler.valueBytesMax) {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): bytes += Array("\\n".utf8)
            case 0..<0x20, 0x7F: bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        if text.utf8.count > JSONLogHandler.valueBytesMax { endCutText() }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A cut may fall inside a character: its bytes are taken back, so that the line stays UTF-8.
    private mutating func endCutText() {
        while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
        if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
        bytes += Array("…".utf8)
    }
}
