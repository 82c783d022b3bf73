// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A tenant of `isobar up` whose data may not go everywhere, or whose money ends: where its requests end up, or that they
/// are refused, can be seen.
struct DemoTenant {
    var name: String
    /// As in a `Tenant`'s residency.
    var subjects: String
    var classes: String
    /// What it may spend in a day, if not anything; in dollars.
    var dollarsPerDay: String?

    /// A clinic in Europe, where no region of the demo is, and a bank in India; and one whose money ends.
    static let restricted = [
        DemoTenant(name: "clinic-eu", subjects: "[eu]", classes: "personal, health"),
        DemoTenant(name: "bank-in", subjects: "[IN]", classes: "payment"),
    ]
    static let trial = DemoTenant(name: "trial", subjects: "anyone", classes: "public", dollarsPerDay: "0.00006")
    static let all = restricted + [trial]

    var keyFile: String { "key-\(name)" }
}
