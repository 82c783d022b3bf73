// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Routing
import WireFormats

@testable import Doctor

extension Observation.Subject {
    static func sample(
        _ flavor: ProviderFlavor = .openai, _ wire: ProbeWire = .chatCompletions,
        credential: Observation.CredentialKind = .bearer, host: String = "llm.example",
        path: String = "/v1/chat/completions"
    ) -> Self {
        .init(
            flavor: flavor, wire: wire, host: host, port: 443, isTLS: true, path: path, model: "demo",
            credential: credential)
    }
}

func diagnosis(
    _ ending: Observation.Ending, _ subject: Observation.Subject = .sample(), firstByte: Double = 0.1,
    total: Double = 0.2
) -> Diagnosis {
    Diagnosis.of(
        Observation(subject: subject, ending: ending, firstByteSeconds: firstByte, totalSeconds: total), slowSeconds: 10
    )
}

/// What an answer with this body says.
func facts(
    _ status: UInt16, _ body: String, _ wire: ProbeWire = .chatCompletions, headers: [String: String] = [:],
    hiding lines: [String] = []
) -> AnswerFacts {
    AnswerFacts.read(
        status: status, header: { headers[$0] }, body: Array(body.utf8), wire: wire,
        words: SafeText(hiding: lines.map { Secret(Array($0.utf8)) }))
}

func record(
    _ flavor: ProviderFlavor = .generic, model: String = "demo", plans: OperationPlans
) -> EndpointRecord {
    EndpointRecord(
        name: "e", provider: "p", flavor: flavor, region: RegionID(0), gaugeSlot: 0,
        address: UpstreamAddress(
            isTLS: false, host: "127.0.0.1", port: 1, basePath: "", credentials: [],
            certificateAuthorityFile: nil),
        upstreamModel: Array(model.utf8), prices: nil, limits: EndpointLimits(), timeouts: EndpointTimeouts(),
        health: nil, plans: plans)
}
