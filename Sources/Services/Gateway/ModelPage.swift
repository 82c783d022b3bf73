// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes
internal import WireFormats

/// A model as a caller's API describes it.
struct ListedModel: Equatable {
    /// Public.
    var name: String
    var contextTokensMax: Int?
    /// What any of its endpoints can do.
    var operations: OperationSet

    /// Facts: the SDKs' own types (openai 2.54, anthropic 2.14, google-genai 3.6, read 2026-11). What nobody declared is
    /// left out, or said as the API says that it is not known: Anthropic's epoch.
    func document(in wire: ChatWire) -> JSONValue {
        switch wire {
        case .messages:
            .object([
                ("type", .string("model")), ("id", .string(name)), ("display_name", .string(name)),
                ("created_at", .string("1970-01-01T00:00:00Z")), ("lifecycle", .string("active")),
            ])
        case .generateContent:
            .object(
                [
                    ("name", .string("models/\(name)")), ("displayName", .string(name)),
                    ("supportedGenerationMethods", .array(methods.map { .string($0) })),
                ] + (contextTokensMax.map { [("inputTokenLimit", .integer($0))] } ?? []))
        case .chatCompletions, .responses, .converse:
            .object([
                ("id", .string(name)), ("object", .string("model")), ("created", .number("0")),
                ("owned_by", .string("isobar")),
            ])
        }
    }

    /// What Google's clients may ask of it.
    private var methods: [String] {
        (operations.contains(.generateContent) ? ["generateContent", "streamGenerateContent"] : [])
            + (operations.contains(.countContentTokens) ? ["countTokens"] : [])
    }
}

/// A list of models, or the part of it that a query asks for, in the caller's form. Without a word about its size a page
/// has everything.
struct ModelPage {
    private let models: ArraySlice<ListedModel>
    private let hasMore: Bool
    private let wire: ChatWire

    init(_ models: [ListedModel], _ query: QueryString, _ wire: ChatWire) {
        self.wire = wire
        let size = query[wire == .generateContent ? "pageSize" : "limit"].flatMap { Int($0) } ?? .max
        let limit = wire == .messages || wire == .generateContent ? min(max(size, 1), 1000) : .max
        if wire == .messages, let cursor = query["before_id"] {
            let end = models.firstIndex { $0.name == cursor } ?? 0
            self.models = models[..<end].suffix(limit)
            hasMore = self.models.startIndex > 0
        } else {
            self.models = models[Self.start(models, query, wire)...].prefix(limit)
            hasMore = self.models.endIndex < models.count
        }
    }

    /// A cursor that is no model's leads to the end: from the beginning, a caller would go round in circles.
    private static func start(_ models: [ListedModel], _ query: QueryString, _ wire: ChatWire) -> Int {
        switch wire {
        case .messages:
            guard let cursor = query["after_id"] else { return 0 }
            return models.firstIndex { $0.name == cursor }.map { $0 + 1 } ?? models.count
        case .generateContent:
            guard let token = query["pageToken"], !token.isEmpty else { return 0 }
            return Int(token).map { min(max($0, 0), models.count) } ?? models.count
        case .chatCompletions, .responses, .converse: return 0
        }
    }

    var document: JSONValue {
        let entries = JSONValue.array(models.map { $0.document(in: wire) })
        switch wire {
        case .messages:
            return .object([
                ("data", entries), ("has_more", .bool(hasMore)),
                ("first_id", models.first.map { .string($0.name) } ?? .null),
                ("last_id", models.last.map { .string($0.name) } ?? .null),
            ])
        case .generateContent:
            let next: [(String, JSONValue)] = hasMore ? [("nextPageToken", .string("\(models.endIndex)"))] : []
            return .object([("models", entries)] + next)
        case .chatCompletions, .responses, .converse:
            return .object([("object", .string("list")), ("data", entries)])
        }
    }
}
