// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import WireFormats

/// The few changes a request body needs for its endpoint, made by sending around them: the body itself is never copied
/// or re-encoded.
///
/// At most two: the model's name, and asking a stream for its usage. Everything else stays byte for byte.
struct RequestBody {
    /// One replaced stretch: `removed` bytes at `offset` become the given pieces.
    private struct Edit {
        var offset: Int
        var removed: Int
        var before: StaticString
        var inserted: UnsafeRawBufferPointer

        var growth: Int { before.utf8CodeUnitCount + inserted.count - removed }
    }

    private var first: Edit?
    private var second: Edit?

    /// Bytes by which the body becomes longer; may be negative.
    var growth: Int { (first?.growth ?? 0) + (second?.growth ?? 0) }

    private static var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    /// - Parameters:
    ///   - model: the endpoint's name for the model, escaped for JSON; must stay valid until the body is sent.
    ///   - addUsage: ask for the usage chunk.
    static func edits(
        _ facts: RequestFacts, of body: UnsafeRawBufferPointer, model: UnsafeRawBufferPointer, addUsage: Bool
    ) -> RequestBody {
        var edits = RequestBody()
        if !facts.model.slice(body).elementsEqual(model) {
            edits.insert(
                Edit(offset: Int(facts.model.start), removed: Int(facts.model.count), before: "", inserted: model))
        }
        if addUsage { edits.insert(usageEdit(facts)) }
        return edits
    }

    private static func usageEdit(_ facts: RequestFacts) -> Edit {
        switch facts.streamOptions {
        case .absent:
            return Edit(
                offset: facts.objectBody, removed: 0, before: #""stream_options":{"include_usage":true},"#,
                inserted: nothing)
        case .null(let range):
            return Edit(
                offset: Int(range.start), removed: Int(range.count), before: #"{"include_usage":true}"#,
                inserted: nothing)
        case .object(let range, let isEmpty, let includeUsage, let value):
            if includeUsage != nil || !value.isEmpty {
                return Edit(offset: Int(value.start), removed: Int(value.count), before: "true", inserted: nothing)
            }
            return Edit(
                offset: Int(range.start) + 1, removed: 0,
                before: isEmpty ? #""include_usage":true"# : #""include_usage":true,"#,
                inserted: nothing)
        }
    }

    private mutating func insert(_ edit: Edit) {
        guard let other = first else {
            first = edit
            return
        }
        if other.offset <= edit.offset {
            second = edit
        } else {
            second = other
            first = edit
        }
    }

    func appendBody(_ body: UnsafeRawBufferPointer, to segments: inout SegmentList) {
        var position = 0
        Self.append(first, body, &position, to: &segments)
        Self.append(second, body, &position, to: &segments)
        segments.append(UnsafeRawBufferPointer(rebasing: body[position...]))
    }

    private static func append(
        _ edit: Edit?, _ body: UnsafeRawBufferPointer, _ position: inout Int, to segments: inout SegmentList
    ) {
        guard let edit else { return }
        segments.append(UnsafeRawBufferPointer(rebasing: body[position..<edit.offset]))
        segments.append(edit.before)
        segments.append(edit.inserted)
        position = edit.offset + edit.removed
    }
}
