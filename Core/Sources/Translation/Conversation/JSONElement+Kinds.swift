// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Members that must be of a kind, or are a fault of the caller's.
extension JSONElement {
    func text(at path: StaticString) throws(TranslationFault) -> JSONString {
        guard let string else { throw TranslationFault(.wrongType("a string"), at: "\(path)") }
        return string
    }

    func number(at path: StaticString) throws(TranslationFault) -> JSONRaw {
        guard let number else { throw TranslationFault(.wrongType("a number"), at: "\(path)") }
        return number
    }

    func integer(at path: StaticString) throws(TranslationFault) -> Int64 {
        guard let integer else { throw TranslationFault(.wrongType("an integer"), at: "\(path)") }
        return integer
    }

    func flag(at path: StaticString) throws(TranslationFault) -> Bool {
        guard let bool else { throw TranslationFault(.wrongType("true or false"), at: "\(path)") }
        return bool
    }
}
