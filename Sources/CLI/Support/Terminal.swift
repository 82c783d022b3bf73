// SPDX-License-Identifier: Apache-2.0
// Isobar

import ArgumentParser
import Glibc

/// What people see: standard output for results, standard error for everything about the run.
enum Terminal {
    static func print(_ text: String) { write(text + "\n", to: 1) }
    static func note(_ text: String) { write(text + "\n", to: 2) }
    static var isInteractive: Bool { isatty(1) == 1 }

    static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while rest.count > 0 {
                let n = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if n < 0 && errno == EINTR { continue }
                guard n > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[n...])
            }
        }
    }

    /// One line about what is under way, overwritten by the next; empty takes it away. Nothing where nobody looks.
    static func progress(_ text: String) {
        if isatty(2) == 1 { write("\r\u{1B}[K" + text, to: 2) }
    }

    /// Redraws the screen from its top, for live tables.
    static func redraw(_ text: String) { write("\u{1B}[H\u{1B}[2J" + text + "\n", to: 1) }
}

/// Columns of text, aligned. Numbers to the right.
struct Table {
    private var rows: [[String]] = []
    private let headings: [String]
    private let alignsRight: [Bool]

    /// - Parameter columns: heading and whether its values are numbers.
    init(_ columns: [(String, Bool)]) {
        headings = columns.map(\.0)
        alignsRight = columns.map(\.1)
    }

    mutating func append(_ row: [String]) {
        precondition(row.count == headings.count, "a row has a value for each of the \(headings.count) columns")
        rows.append(row)
    }

    var text: String {
        let widths = headings.indices.map { column in ([headings] + rows).map { $0[column].count }.max() ?? 0 }
        return ([headings] + rows).map { row in
            let cells = row.indices.map { column in
                let pad = String(repeating: " ", count: widths[column] - row[column].count)
                return alignsRight[column] ? pad + row[column] : row[column] + pad
            }
            return cells.joined(separator: "  ").trimmingTrailingSpaces
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

/// How a verb prints its result.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument { case text, json }
