// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Moments at which some answer may change: between two of them nothing does.
enum Breakpoints {
    /// - Returns: ascending, `start` first, nothing before it.
    static func all(
        _ documents: PolicyDocuments, _ profiles: [ResidencyProfile], _ endpoints: [EndpointFacts], from start: WallTime
    ) -> [WallTime] {
        let moments =
            spans(documents, profiles, endpoints).flatMap(\.breakpoints)
            + documents.rights.compactMap { $0.openFrom(documents.bundle.clockErrorMax) }
        return [start] + Set(moments.filter { $0 > start }).sorted()
    }

    private static func spans(
        _ documents: PolicyDocuments, _ profiles: [ResidencyProfile], _ endpoints: [EndpointFacts]
    ) -> [Span] {
        let clockError = documents.bundle.clockErrorMax
        var spans = [documents.bundle.span]
        spans += documents.unions.map {
            Span(
                permissionFrom: $0.validFrom ?? .distantPast, to: $0.validTo ?? .distantFuture, clockError: clockError)
        }
        spans += documents.regimes.map { $0.span(clockError) }
        spans += documents.mechanisms.map { $0.span(clockError) }
        spans += documents.rights.map { $0.span(clockError) }
        let stated = Set(endpoints.compactMap(\.residency))
        spans += stated.map { $0.span(clockError) }
        let ages = Set(profiles.compactMap(\.attestationAgeMax))
        for attestedAt in Set(stated.compactMap(\.attestedAt)) {
            spans += ages.map {
                Span(permissionFrom: attestedAt, to: attestedAt + $0, clockError: clockError)
            }
        }
        return spans
    }
}
