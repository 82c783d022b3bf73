// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// Members of a wire's request that its reader knows, by name.
protocol WireMember {
    static var table: [(name: StaticString, member: Self)] { get }
}

extension WireMember {
    /// - Returns: `nil` for a name that no other wire has anything for.
    init?(_ name: JSONString) {
        guard let member = Self.table.first(where: { name == $0.name })?.member else { return nil }
        self = member
    }
}
