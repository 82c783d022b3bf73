// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import ControlPlane
import Policy
import ResourceTypes
import WireFormats

/// Who may send data where, and what ends soon.
struct ResidencyReport {
    fileprivate struct Row {
        var holder: String
        var endpoint: String
        var model: String
        var verdict: Verdict?
    }

    private let bundle: PolicyBundle
    private let time: WallTime
    private let until: WallTime
    fileprivate let rows: [Row]
    private let endings: [(name: String, at: WallTime)]

    /// Licences and mechanisms are told this long before they end.
    private static let horizon = TimeSpan.seconds(180 * 86_400)

    /// - Parameter only: name of the one holder to show; `nil`: all.
    init(_ compiled: ResidencyCompiler.Output, _ documents: PolicyDocuments, at time: WallTime, only: String?) {
        bundle = documents.bundle
        self.time = time
        let policy = compiled.policy
        let epoch = policy.table.epoch(at: time)
        until = epoch.end
        rows = compiled.holders.filter { only == nil || $0.name == only || $0.tenant == only }.flatMap { holder in
            policy.endpoints.enumerated().map { index, facts in
                Row(
                    holder: holder.name, endpoint: facts.name, model: facts.model,
                    verdict: policy.verdict(holder.profile, EndpointID(index), in: epoch))
            }
        }
        endings = Self.endings(documents, from: time)
    }

    private static func endings(_ documents: PolicyDocuments, from time: WallTime) -> [(name: String, at: WallTime)] {
        let dated =
            documents.mechanisms.map { ("TransferMechanism \($0.name)", $0.notAfter) }
            + documents.rights.filter { $0.term == .licence }.map { ("licence \($0.name)", $0.notAfter) }
            + [("PolicyBundle \(documents.bundle.name)", documents.bundle.notAfter)]
        return dated.compactMap { name, end -> (String, WallTime)? in
            guard let end, end >= time, end <= time + horizon else { return nil }
            return (name, end)
        }.sorted { $0.1 < $1.1 }
    }

    var text: String {
        var table = Table([("TENANT", false), ("ENDPOINT", false), ("MODEL", false), ("MAY", false), ("WHY", false)])
        for row in rows {
            table.append([
                row.holder, row.endpoint, row.model, row.isPermitted ? "yes" : "no", row.reason,
            ])
        }
        var lines = [table.text, "", "At \(time.text), by PolicyBundle \(bundle.name)."]
        if until != .distantFuture { lines.append("The next rule begins or ends at \(until.text).") }
        lines += endings.map { "Ends soon: \($0.name), \($0.at.text)." }
        return lines.joined(separator: "\n")
    }

    var json: JSONValue {
        .object([
            ("policy", .string(bundle.name)), ("at", .string(time.text)),
            ("until", until == .distantFuture ? .null : .string(until.text)),
            ("answers", .array(rows.map(\.json))),
            (
                "ending",
                .array(endings.map { .object([("name", .string($0.name)), ("at", .string($0.at.text))]) })
            ),
        ])
    }
}

extension ResidencyReport.Row {
    fileprivate var isPermitted: Bool { verdict?.isPermitted ?? false }

    fileprivate var reason: String {
        switch verdict {
        case nil: "no policy answers for this moment"
        case .permit(let witness): "\(witness)"
        case .deny(let refutation): "\(refutation)"
        }
    }

    fileprivate var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("tenant", .string(holder)), ("endpoint", .string(endpoint)), ("model", .string(model)),
            ("permitted", .bool(isPermitted)), ("why", .string(reason)),
        ]
        switch verdict {
        case .deny(let refutation): members.append(("refutation", refutation.json))
        case .permit(let witness): members.append(("witness", .array(witness.steps.map(\.json))))
        case nil: break
        }
        return .object(members)
    }
}

extension Refutation {
    fileprivate var json: JSONValue {
        .object([
            ("kind", .string(kind.rawValue)), ("rule", .string(rule)),
            ("facet", facet.map { .string($0.rawValue) } ?? .null),
            ("jurisdiction", jurisdiction.map { .string($0.code) } ?? .null),
            ("cures", .array(cures.map { .string($0.rawValue) })),
        ])
    }
}

extension Witness.Step {
    fileprivate var json: JSONValue {
        let basis =
            switch basis {
            case .home: "home"
            case .mechanism(let name): name
            }
        return .object([
            ("regime", .string(regime)), ("facet", .string(facet.rawValue)),
            ("jurisdictions", .array(jurisdictions.members.map { .string($0.code) })), ("basis", .string(basis)),
        ])
    }
}
