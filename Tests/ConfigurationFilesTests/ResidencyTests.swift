// SPDX-License-Identifier: Apache-2.0
// Isobar

import ConfigurationFiles
import FoundationEssentials
import ResourceTypes
import Testing

private let bundle = document("PolicyBundle", "b", "notAfter: 2027-06-30")
private let tenant = document("Tenant", "t", "residency: {subjects: [DE], classes: [personal]}")
private let places =
    document("Provider", "p") + document("Region", "r", "provider: p", "jurisdiction: DE")
    + document("Model", "m", "rights: none")
private let source = "source: \"terms\"\nreadOn: 2026-11-21"

private func stated(_ residency: String) -> String {
    let indented = residency.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    return document(
        "Endpoint", "e", "region: r", "url: http://localhost:1", "serves: [{model: m}]", "residency:\n\(indented)")
}

private func policy(_ name: String, _ spec: String...) -> String {
    document("ResidencyPolicy", name, (spec + [source]).joined(separator: "\n"))
}

private func mechanism(_ name: String, _ changes: [String: String?] = [:]) -> String {
    var fields: [String: String?] = [
        "regime": "eu-gdpr", "kind": "scc", "to": "[US]", "facets": "any", "classes": "any", "purposes": "any",
        "processors": "any", "retentionMax": "unlimited", "notBefore": "2026-01-01", "notAfter": "2026-12-31",
        "evidence": "TIA 12", "source": "contract", "readOn": "2026-11-21",
    ]
    fields.merge(changes) { $1 }
    let spec = fields.sorted { $0.key < $1.key }.compactMap { name, value in value.map { "\(name): \($0)" } }
    return document("TransferMechanism", name, spec.joined(separator: "\n"))
}

private func messages(_ text: String) -> [String] { problems(text).map { "\($0.path ?? ""): \($0.message)" } }

@Suite("Documents on residency")
struct ResidencyTests {
    @Test("say everything that the values can hold")
    func everything() throws {
        let text =
            bundle + places
            + stated(
                """
                process: [eu, GB]
                store: nowhere
                humanReview: anywhere
                processor: aws
                retention: 24h
                attestedAt: 2026-11-01T12:00:00Z
                notAfter: open
                \(source)
                """)
            + document(
                "Tenant", "t", "residency:",
                "  subjects: [eu]", "  classes: [personal, health]", "  purpose: eval", "  regimes: [ours]",
                "  mechanisms: [eu-adequacy-gb]", "  within: [eu, GB]", "  retentionMax: 48h",
                "  attestationAgeMax: 720h")
            + document(
                "Key", "k", "tenant: t", "secret: env:K",
                "residency: {classes: [child], mechanisms: none, within: [GB], retentionMax: 1h}")
            + policy(
                "ours", "appliesTo: {byName: true}", "constrains: [keyCustody]", "home: [eu]", "validTo: 2030-01-01")
            + mechanism("clauses", ["processors": "[aws, azure]", "retentionMax": "1h", "optIn": "false"])
        let resources = try decode(text).resources
        let readOn = WallTime(unixSeconds: 1_795_219_200)
        let endpoint = try #require(resources.endpoints.first?.residency)
        #expect(endpoint.facets == [.process: .within(["eu", "GB"]), .store: .nowhere])
        #expect(
            endpoint.processor == "aws" && endpoint.retention == .seconds(86_400) && endpoint.notAfter == .distantFuture
        )
        #expect(endpoint.source == Source("terms", readOn: readOn))
        #expect(endpoint.attestedAt == WallTime(unixSeconds: 1_793_534_400))
        #expect(
            resources.tenants.first?.residency
                == ResidencyProfile(
                    subjects: ["eu"], classes: [.personal, .health], purpose: .eval, regimes: ["ours"],
                    mechanisms: ["eu-adequacy-gb"], within: ["eu", "GB"], retentionMax: .seconds(48 * 3_600),
                    attestationAgeMax: .seconds(720 * 3_600)))
        #expect(
            resources.keys.first?.residency
                == ResidencyNarrowing(classes: [.child], mechanisms: [], within: ["GB"], retentionMax: .seconds(3_600)))
        let ours = try #require(resources.residencyPolicies.first { $0.name == "ours" })
        #expect(ours.appliesTo == .init(isByName: true) && ours.constrains == [.keyCustody] && ours.home == ["eu"])
        // A day counts to its last moment.
        #expect(ours.validTo == WallTime(unixSeconds: 1_893_542_400) - .nanoseconds(1))
        let clauses = try #require(resources.transferMechanisms.first { $0.name == "clauses" })
        #expect(clauses.processors == .listed(["aws", "azure"]) && clauses.retentionMax == .atMost(.seconds(3_600)))
        #expect(clauses.to == .listed(["US"]) && clauses.isOptIn == false && clauses.evidence == "TIA 12")
        #expect(clauses.classes == Set(DataClass.allCases) && clauses.facets == Set(Facet.allCases))
        #expect(resources.policyBundles.first?.clockErrorMax == .seconds(1))
    }

    @Test("bring the shipped laws along, each with source and date, and yield to the user's own")
    func catalog() throws {
        let resources = try decode(bundle + places + tenant).resources
        #expect(Set(resources.residencyPolicies.map(\.name)) == ["eu-gdpr", "in-rbi-2018", "in-dpdp"])
        #expect(resources.jurisdictionUnions.map { ($0.members.count) } == [27, 30])
        #expect(resources.transferMechanisms.count == 18)
        #expect(
            resources.transferMechanisms.allSatisfy { $0.isOptIn == true && $0.source != nil && $0.evidence != nil })
        let gb = try #require(resources.transferMechanisms.first { $0.name == "eu-adequacy-gb" })
        #expect(gb.to == .listed(["GB"]) && gb.notAfter == WallTime(unixSeconds: 1_956_182_400) - .nanoseconds(1))
        let us = try #require(resources.transferMechanisms.first { $0.name == "eu-adequacy-us" })
        #expect(us.processors == .listed([]))

        let own = try decode(
            bundle + places + tenant + mechanism("eu-adequacy-us", ["kind": "adequacy", "processors": "[aws]"])
        ).resources
        let mine = own.transferMechanisms.filter { $0.name == "eu-adequacy-us" }
        #expect(mine.count == 1 && mine.first?.processors == .listed(["aws"]))
        #expect(try decode(surroundings).resources.residencyPolicies.isEmpty)
    }

    @Test("are refused without a bundle, because they would not be kept")
    func withoutBundle() {
        let text = surroundings + document("JurisdictionUnion", "u", "members: [DE]", source)
        #expect(messages(text) == [": without a PolicyBundle this would not be kept"])
        #expect(messages(places + tenant) == ["spec.residency: without a PolicyBundle this would not be kept"])
    }

    @Test("need every tenant's demands and a word on every model's rights")
    func silence() {
        let found = messages(bundle + surroundings)
        #expect(found.contains { $0.hasPrefix("spec.residency: missing: PolicyBundle b turns residency on") })
        #expect(found.contains { $0.hasPrefix("spec.rights: nobody says who has a right") })
        let right = document(
            "PlacementRight", "x", "kind: exclusivity", "subject: {vendor: v}", "holders: [p]", source)
        let model = document("Model", "k", "vendor: v")
        #expect(messages(bundle + places + tenant + model + right) == [])
        #expect(messages(bundle + places + tenant + model).count == 1)
        let both = document("Model", "k", "vendor: v", "rights: none")
        #expect(
            messages(bundle + places + tenant + both + right).first?.contains("PlacementRight x is about it") == true)
        #expect(
            messages(bundle + places + tenant + bundle.replacing("name: b", with: "name: c")).first
                == ": there is already PolicyBundle b")
    }

    @Test("name the nearest right thing where a country, union, class, regime or mechanism is wrong")
    func nearest() {
        let found = problems(
            bundle + places
                + document(
                    "Tenant", "t", "residency:", "  subjects: [EU]", "  classes: [personel]", "  regimes: [eu-gdp]",
                    "  mechanisms: [eu-adequacy-uk]", "  within: [UK, de, eur]"))
        let hints = Dictionary(found.map { ($0.path ?? "", $0.hint ?? "") }) { first, _ in first }
        #expect(hints["spec.residency.subjects[0]"] == "a union is written as its name, e.g. eu")
        #expect(hints["spec.residency.classes[0]"] == "did you mean \"personal\"?")
        #expect(hints["spec.residency.regimes[0]"] == "did you mean \"eu-gdpr\"?")
        #expect(hints["spec.residency.mechanisms[0]"]?.hasPrefix("did you mean \"eu-adequacy-") == true)
        #expect(hints["spec.residency.within[0]"] == "write GB")
        #expect(found.allSatisfy { $0.line > 0 })
        #expect(found.contains { $0.path == "spec.residency.within[2]" })
    }

    @Test("state every limit of a permission, also the one that there is none")
    func permissions() {
        for field in [
            "to", "facets", "classes", "purposes", "processors", "retentionMax", "notBefore", "notAfter", "evidence",
            "source", "readOn", "regime", "kind",
        ] {
            let found = messages(bundle + places + tenant + mechanism("x", [field: nil]))
            #expect(found.contains { $0.hasPrefix("spec.\(field): missing") }, "\(field)")
        }
        let derogation = messages(bundle + places + tenant + mechanism("x", ["kind": "derogation"]))
        #expect(derogation.first?.contains("a derogation cannot carry") == true)
        let group = messages(bundle + places + tenant + mechanism("x", ["kind": "bcr"]))
        #expect(group == ["spec: binding corporate rules for any processor"])
        #expect(
            messages(bundle + places + tenant + stated("process: [DE]")).filter { $0.contains("missing") }.count == 3)
        let nowhere = messages(bundle + places + tenant + stated("store: []\nnotAfter: open\n\(source)"))
        #expect(nowhere.first?.contains("found 0 elements") == true)
    }

    @Test("keep a key inside of its tenant")
    func keys() {
        let limited = document(
            "Tenant", "t",
            "residency: {subjects: [DE], classes: [personal], within: [eu], mechanisms: [eu-adequacy-gb]}")
        func key(_ residency: String) -> [String] {
            messages(
                bundle + places + limited
                    + document("Key", "k", "tenant: t", "secret: env:K", "residency: {\(residency)}"))
        }
        #expect(key("within: [US]") == ["spec.residency.within: US is outside of what Tenant t allows"])
        #expect(
            key("mechanisms: [eu-adequacy-ch]")
                == ["spec.residency.mechanisms: Tenant t has not taken up TransferMechanism eu-adequacy-ch"])
        #expect(key("within: [FR], mechanisms: none") == [])
        #expect(key("subject: [DE]").first?.contains("unknown field") == true)
    }

    @Test("of placement rights have the fields of their kind")
    func rights() throws {
        func right(_ spec: String...) -> String {
            document("PlacementRight", "x", (spec + [source]).joined(separator: "\n"))
        }
        let first = try decode(
            bundle + places + tenant
                + right(
                    "kind: firstAccess", "subject: {vendor: v, family: f, models: [m]}", "holders: [p]", "window: 720h",
                    "generalAvailability: 2026-05-01", "scope: [US]", "carveOuts: [q]", "notBefore: 2026-04-27")
        ).resources.placementRights.first
        #expect(
            first?.term
                == .firstAccess(
                    generalAvailability: WallTime(unixSeconds: 1_777_593_600), window: .seconds(720 * 3_600),
                    declinedOn: nil))
        #expect(
            first?.holders == ["p"] && first?.scope == ["US"] && first?.carveOuts == ["q"] && first?.notAfter == nil)
        let licence = messages(
            bundle + places + tenant + right("kind: licence", "subject: {vendor: v}", "holders: [p]", "scope: [US]"))
        for expected in [
            "spec.subject.models: missing", "spec.notBefore: missing", "spec.notAfter: missing",
            "spec: unknown field \"scope\"",
        ] {
            #expect(licence.contains { $0.hasPrefix(expected) }, "\(expected) in \(licence)")
        }
        let territory = messages(bundle + places + tenant + right("kind: territory", "subject: {}", "places: [US]"))
        #expect(territory.contains { $0.contains("the subject is empty") })
        #expect(
            messages(bundle + places + tenant + right("kind: exportControl", "subject: {vendor: v}")).contains {
                $0.hasPrefix("spec.places: missing")
            })
    }

    @Test("of the example are right")
    func example() throws {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let configuration = try ConfigurationReader.read(paths: ["\(root)/Examples/residency/isobar.yaml"])
        #expect(configuration.warnings == [] && configuration.resources.policyBundles.count == 1)
    }

    @Test("warn of an endpoint that states nothing, where that matters")
    func silentEndpoint() throws {
        let warnings = try decode(bundle + places + tenant + endpoint).warnings
        #expect(warnings.contains { $0.path == "spec.residency" && $0.severity == .warning })
        #expect(try !decode(surroundings + endpoint).warnings.contains { $0.path == "spec.residency" })
    }
}

@Suite("Moments as text")
struct MomentTests {
    @Test(
        "go to text and back",
        arguments: [
            "1970-01-01T00:00:00Z", "2000-02-29T23:59:59Z", "2026-11-21T10:00:01Z", "1969-12-31T23:59:59Z",
            "2100-03-01T00:00:00Z", "1900-02-28T12:00:00Z", "2262-04-11T00:00:00Z",
        ])
    func roundTrip(text: String) throws {
        let time = try #require(WallTime(text: text))
        #expect(time.text == text)
    }

    @Test("are dates by their first moment, or nothing")
    func dates() {
        #expect(WallTime(text: "2026-11-21")?.text == "2026-11-21T00:00:00Z")
        #expect(WallTime(text: "2026-11-31") == nil && WallTime(text: "tomorrow") == nil && WallTime(text: "") == nil)
        #expect(WallTime.distantFuture.text == "open" && WallTime.distantPast.text == "ever")
    }
}
