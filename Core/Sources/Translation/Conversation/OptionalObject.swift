// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// An object that is written only if it gets a member.
struct OptionalObject {
    let name: JSONString
    let writer: JSONWriter
    private var isOpen = false

    init(_ name: JSONString, _ writer: JSONWriter) {
        self.name = name
        self.writer = writer
    }

    mutating func open() {
        guard !isOpen else { return }
        writer.name(name)
        writer.beginObject()
        isOpen = true
    }

    mutating func member(_ name: JSONString, raw value: JSONRaw?) {
        guard let value else { return }
        open()
        writer.member(name, raw: value)
    }

    mutating func member(_ name: JSONString, _ value: JSONString) {
        open()
        writer.member(name, value)
    }

    func close() {
        if isOpen { writer.endObject() }
    }
}
