// SPDX-License-Identifier: Apache-2.0
// Isobar

import WireFormats

/// Runs parsers over text and keeps what their ranges point at, because the buffers end with the call.
enum Parsing {
    static func request(_ bytes: some Sequence<UInt8>, limits: HTTPLimits = HTTPLimits()) -> HeadParse<RequestHead> {
        withFields { fields in
            Array(bytes).withUnsafeBytes { HTTPParser.requestHead($0, fields: fields, limits: limits) }
        }
    }

    static func response(_ bytes: some Sequence<UInt8>, limits: HTTPLimits = HTTPLimits()) -> HeadParse<ResponseHead> {
        withFields { fields in
            Array(bytes).withUnsafeBytes { HTTPParser.responseHead($0, fields: fields, limits: limits) }
        }
    }

    /// Name, value and line of each field of a request.
    static func fields(_ text: String) -> [(name: String, value: String, line: String, known: KnownHeader)] {
        withFields { fields in
            Array(text.utf8).withUnsafeBytes { raw in
                guard case .complete(let head) = HTTPParser.requestHead(raw, fields: fields, limits: HTTPLimits())
                else { return [] }
                return fields[..<head.fieldCount].map { field in
                    (string(field.name, raw), string(field.value, raw), string(field.line, raw), field.known)
                }
            }
        }
    }

    static func string(_ range: ByteRange, _ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: range.slice(bytes), as: UTF8.self)
    }

    static func string(_ range: ByteRange, _ text: String) -> String {
        Array(text.utf8).withUnsafeBytes { string(range, $0) }
    }

    static func withFields<Value>(capacity: Int = 128, _ body: (UnsafeMutableBufferPointer<HeaderField>) -> Value)
        -> Value
    {
        var storage = [HeaderField](repeating: HeaderField(), count: capacity)
        return storage.withUnsafeMutableBufferPointer { body($0) }
    }
}

extension HeadParse {
    var fault: HTTPFault? { if case .fault(let fault) = self { fault } else { nil } }
    var head: Head? { if case .complete(let head) = self { head } else { nil } }
    var isIncomplete: Bool { if case .incomplete = self { true } else { false } }
}
