// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Writes a metrics page in the Prometheus text format, version 0.0.4, straight into bytes.
///
/// Families are written whole: `begin`, then all samples of it. Names and label names are ours and checked as
/// preconditions; label values are anybody's and escaped.
/// - Cost: a caller that keeps its buffer pays for little more than the labels it passes.
public struct PrometheusText {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    public enum Kind: String, Sendable { case counter, gauge, histogram }

    /// Label names with values, in the order in which they are written.
    public typealias Labels = [(name: StaticString, value: String)]

    private var family: StaticString = ""

    public init() {}

    // MARK: Families

    /// `# HELP` and `# TYPE` of the family that follows.
    public mutating func begin(_ metric: Metric, into bytes: inout [UInt8]) {
        precondition(Self.isMetricName(metric.name), "\(metric.name) is not a metric name")
        family = metric.name
        bytes += "# HELP "
        bytes += metric.name
        bytes += " "
        Self.escape(metric.help.description, quotes: false, into: &bytes)
        bytes += "\n# TYPE "
        bytes += metric.name
        bytes += " "
        bytes += metric.kind.rawValue
        bytes += "\n"
    }

    // MARK: Samples

    public func sample(_ labels: Labels, _ value: Int64, into bytes: inout [UInt8]) {
        startLine(suffix: "", labels, bound: nil, into: &bytes)
        bytes += value.description
        bytes += "\n"
    }

    public func sample(_ labels: Labels, _ value: Double, into bytes: inout [UInt8]) {
        startLine(suffix: "", labels, bound: nil, into: &bytes)
        Self.number(value, into: &bytes)
        bytes += "\n"
    }

    /// All lines of one histogram.
    /// - Parameters:
    ///   - bounds: upper bounds, inclusive, ascending, finite.
    ///   - counts: observations per bucket, **not** cumulative; one more than bounds, the last above all of them.
    public func histogram(_ labels: Labels, bounds: [Double], counts: [UInt64], sum: Double, into bytes: inout [UInt8])
    {
        precondition(counts.count == bounds.count + 1, "\(counts.count) counts for \(bounds.count) bounds")
        var cumulative: UInt64 = 0
        for (index, count) in counts.enumerated() {
            cumulative += count
            startLine(suffix: "_bucket", labels, bound: index < bounds.count ? bounds[index] : .infinity, into: &bytes)
            bytes += cumulative.description
            bytes += "\n"
        }
        startLine(suffix: "_sum", labels, bound: nil, into: &bytes)
        Self.number(sum, into: &bytes)
        bytes += "\n"
        startLine(suffix: "_count", labels, bound: nil, into: &bytes)
        bytes += cumulative.description
        bytes += "\n"
    }

    // MARK: Parts of a line

    private func startLine(suffix: StaticString, _ labels: Labels, bound: Double?, into bytes: inout [UInt8]) {
        bytes += family
        bytes += suffix
        if !labels.isEmpty || bound != nil {
            var separator: StaticString = "{"
            for label in labels {
                bytes += separator
                Self.label(label.name, label.value, into: &bytes)
                separator = ","
            }
            if let bound {
                bytes += separator
                bytes += "le=\""
                Self.number(bound, into: &bytes)
                bytes += "\""
            }
            bytes += "}"
        }
        bytes += " "
    }

    private static func label(_ name: StaticString, _ value: String, into bytes: inout [UInt8]) {
        precondition(isLabelName(name), "\(name) is not a label name")
        bytes += name
        bytes += "=\""
        escape(value, quotes: true, into: &bytes)
        bytes += "\""
    }

    private static func escape(_ text: String, quotes: Bool, into bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += "\\\\"
            case UInt8(ascii: "\n"): bytes += "\\n"
            case UInt8(ascii: "\"") where quotes: bytes += "\\\""
            default: bytes.append(byte)
            }
        }
    }

    /// Whole numbers without a fraction, so that counters held as `Double` read as counters.
    private static func number(_ value: Double, into bytes: inout [UInt8]) {
        if value.isNaN {
            bytes += "NaN"
        } else if value.isInfinite {
            bytes += value > 0 ? "+Inf" : "-Inf"
        } else if value == value.rounded(), abs(value) < 9e15 {
            bytes += Int64(value).description
        } else {
            bytes += value.description
        }
    }

    // MARK: Names

    static func isMetricName(_ name: StaticString) -> Bool { isName(name, others: "_:") }
    /// Names that begin with `__` are Prometheus's own, `le` is the histogram's.
    static func isLabelName(_ name: StaticString) -> Bool {
        isName(name, others: "_") && !name.description.hasPrefix("__") && name.description != "le"
    }

    private static func isName(_ name: StaticString, others: String) -> Bool {
        name.withUTF8Buffer { letters in
            guard let first = letters.first, !isDigit(first) else { return false }
            return letters.allSatisfy {
                isDigit($0) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || others.utf8.contains($0)
            }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}

extension [UInt8] {
    fileprivate static func += (bytes: inout [UInt8], text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }
    fileprivate static func += (bytes: inout [UInt8], text: String) { bytes.append(contentsOf: text.utf8) }
}
