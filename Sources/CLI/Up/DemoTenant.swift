// SPDX-License-Identifier: Apache-2.0
// Isobar

/// A tenant of `isobar up` whose data may not go everywhere: where its requests end up, or that they are refused, can be
/// seen.
struct DemoTenant {
    var name: String
    /// As in a `Tenant`'s residency.
    var subjects: String
    var classes: String

    /// A clinic in Europe, where no region of the demo is, and a bank in India.
    static let all = [
        DemoTenant(name: "clinic-eu", subjects: "eu", classes: "personal, health"),
        DemoTenant(name: "bank-in", subjects: "IN", classes: "payment"),
    ]

    var keyFile: String { "key-\(name)" }
}
