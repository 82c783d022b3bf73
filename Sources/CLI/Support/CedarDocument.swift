// SPDX-License-Identifier: Apache-2.0
// Isobar

import Policy
import ResourceTypes
import WireFormats

/// Cedar's policies, entities and requests in the JSON forms that its tools read.
struct CedarDocument {
    var policies: [(regime: String, text: String)]
    var profiles: [ResidencyProfile]
    var questions: [CedarQuestion]

    var json: JSONValue {
        .object([
            ("policies", .object(policies.map { ($0.regime, .string($0.text)) })),
            ("entities", .array(profiles.enumerated().map { entity($0.offset, $0.element) })),
            ("questions", .array(questions.map(question))),
        ])
    }

    private func entity(_ number: Int, _ profile: ResidencyProfile) -> JSONValue {
        .object([
            ("uid", reference("Profile", "\(number)")),
            ("attrs", .object([("mechanisms", strings(profile.mechanisms))])), ("parents", .array([])),
        ])
    }

    private func question(_ question: CedarQuestion) -> JSONValue {
        var context: [(String, JSONValue)] = [
            ("classes", strings(question.classes.map(\.rawValue))), ("purpose", .string(question.purpose.rawValue)),
            ("now", .integer(question.nowUnixSeconds)),
        ]
        if let processor = question.processor {
            context.append(("processor", .object([("__entity", reference("Processor", processor))])))
        }
        if let retention = question.retentionSeconds { context.append(("retentionSeconds", .integer(retention))) }
        return .object([
            ("regime", .string(question.regime)),
            ("principal", .string("Isobar::Profile::\"\(question.profile)\"")),
            ("action", .string("Isobar::Action::\"\(question.facet.rawValue)\"")),
            ("resource", .string("Isobar::Jurisdiction::\"\(question.place)\"")), ("context", .object(context)),
            ("allowed", .bool(question.isAllowed)),
        ])
    }

    private func reference(_ type: String, _ id: String) -> JSONValue {
        .object([("type", .string("Isobar::\(type)")), ("id", .string(id))])
    }

    private func strings(_ values: some Sequence<String>) -> JSONValue {
        .array(values.sorted().map { .string($0) })
    }
}
