// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Reading of request members with vLLM's manners: `null` is the same as absent, a wrong type is a 400 that names the
// member.

extension JSONValue {
    func optionalString(_ name: String) throws(APIError) -> String? {
        guard let value = present(name) else { return nil }
        guard let text = value.stringValue else { throw .badRequest("`\(name)` must be a string", parameter: name) }
        return text
    }

    func optionalBool(_ name: String) throws(APIError) -> Bool? {
        guard let value = present(name) else { return nil }
        guard let flag = value.boolValue else { throw .badRequest("`\(name)` must be true or false", parameter: name) }
        return flag
    }

    func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let value = present(name) else { return nil }
        guard let number = value.integerValue, range.contains(number) else {
            throw .badRequest(
                "`\(name)` must be an integer from \(range.lowerBound) to \(range.upperBound)", parameter: name)
        }
        return number
    }

    /// A member that is there and not `null`.
    func present(_ name: String) -> JSONValue? {
        guard let value = self[name], !value.isNull else { return nil }
        return value
    }
}
