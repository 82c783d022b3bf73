// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Access
public import AuditLog
internal import ResourceTypes
public import Routing

/// What a new configuration does to who may ask and who may steer, as the audit log tells it.
public enum AccessChanges {
    /// - Returns: those that are gone, then those that came or changed, in the order of the new configuration.
    public static func keys(from old: RoutingSnapshot, to new: RoutingSnapshot) -> [AdministrativeEvent] {
        changes(old.keys.map { Meaning($0, in: old) }, new.keys.map { Meaning($0, in: new) }) { change, key in
            .key(change, name: key.name, tenant: key.tenant)
        }
    }

    public static func roles(from old: [RoleBindingRecord], to new: [RoleBindingRecord]) -> [AdministrativeEvent] {
        changes(old.map(Binding.init), new.map(Binding.init)) { .roleBinding($0, name: $1.name) }
    }

    private static func changes<Value: Named & Equatable>(
        _ old: [Value], _ new: [Value], event: (AdministrativeEvent.Change, Value) -> AdministrativeEvent
    ) -> [AdministrativeEvent] {
        let before = Dictionary(old.map { ($0.name, $0) }) { first, _ in first }
        let after = Set(new.map(\.name))
        let gone = old.filter { !after.contains($0.name) }.map { event(.removed, $0) }
        return gone
            + new.compactMap { value in
                guard let earlier = before[value.name] else { return event(.added, value) }
                return earlier == value ? nil : event(.changed, value)
            }
    }

    private protocol Named {
        var name: String { get }
    }

    /// A key without the numbers that mean something in one snapshot only.
    private struct Meaning: Named, Equatable {
        var name: String
        var tenant: String
        var secret: [UInt8]?
        var hashes: [[UInt8]]
        var tokens: [TokenMatch]
        var workloads: [String]
        var scopes: KeyScopes
        var routes: [String]?
        var expiresAtUnixSeconds: Int64?
        var requiresAudit: Bool

        init(_ key: KeyRecord, in snapshot: RoutingSnapshot) {
            name = key.name
            tenant = key.tenant
            secret = key.secret?.withBytes { Array($0) }
            hashes = key.hashes.map(\.meaning)
            tokens = key.tokens
            workloads = key.workloads
            scopes = key.scopes.declared
            routes = key.routes?.map { snapshot.routes[Int($0.index)].name }
            expiresAtUnixSeconds = key.expiresAtUnixSeconds
            requiresAudit = key.requiresAudit
        }
    }

    private struct Binding: Named, Equatable {
        var principal: AdminPrincipal
        var hashes: [[UInt8]]
        var tokens: [TokenMatch]
        var name: String { principal.name }

        init(_ record: RoleBindingRecord) {
            principal = record.principal
            hashes = record.hashes.map(\.meaning)
            tokens = record.tokens
        }
    }
}

extension SecretHash {
    /// What admits somebody, and until when.
    fileprivate var meaning: [UInt8] {
        id + digest + pepper.withBytes { Array($0) } + "\(expiresAtUnixSeconds ?? .max)".utf8
    }
}
