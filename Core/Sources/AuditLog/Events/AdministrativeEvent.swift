// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// What happened around requests: rare, so made as trees. Entries of the same class as those of requests.
public enum AdministrativeEvent: Equatable, Sendable {
    case logOpened(epoch: UInt64, size: UInt64)
    case logClosed
    /// A configuration came into force. `digest`: of its files.
    case configurationAccepted(version: UInt64, digest: Digest?)
    /// Reasons may quote the files, so they are not repeated.
    case configurationRefused
    /// Who may ask. Changed: its secret, expiry, tenant, routes or scopes are others.
    case key(Change, name: String, tenant: String)
    /// Who may steer. Changed: its token, roles or tenants are others.
    case roleBinding(Change, name: String)
    /// Somebody asked the admin port for what changes something, or for what they may not have. `principal`: a role
    /// binding; `nil`: nobody that is known.
    case adminRequest(action: String, principal: String?, isAllowed: Bool)
    case cosigned(witness: String, size: UInt64)
    /// The key behind this handle is gone. `nil`: there was none.
    case subjectErased(handle: String, tenant: String)

    /// What happened to a document.
    public enum Change: String, CaseIterable, Sendable {
        case added, changed, removed

        /// OCSF's: create, update, delete.
        fileprivate var activity: Int {
            switch self {
            case .added: 1
            case .changed: 3
            case .removed: 4
            }
        }
    }

    public func entry(unixMilliseconds: Int64) -> [UInt8] {
        let parts = parts
        let type = 6_003 * 100 + parts.activity
        var metadata: [(String, JSONValue)] = [
            ("product", .object([("name", .string("Isobar"))])),
            ("version", .string(RequestEventWriter.schemaVersion)),
        ]
        if let tenant = parts.tenant { metadata.append(("tenant_uid", .string(tenant))) }
        let value = JSONValue.object([
            ("activity_id", .integer(parts.activity)),
            ("actor", .object([("app_uid", .string("isobar"))])),
            ("api", .object([("operation", .string(parts.operation))])),
            ("category_uid", .integer(6)), ("class_uid", .integer(6_003)),
            ("metadata", .object(metadata)),
            ("severity_id", .integer(1)), ("src_endpoint", .object([("name", .string("isobar"))])),
            ("status_id", .integer(parts.isGood ? 1 : 2)),
            ("time", .integer(unixMilliseconds)), ("type_uid", .integer(type)),
            ("unmapped", .object([("isobar", .object(parts.ours))])),
        ])
        guard let bytes = CanonicalJSON.bytes(value) else {
            preconditionFailure("integers below 2^53 and one of each member")
        }
        return bytes
    }

    private struct Parts {
        var operation: String
        /// 1 create, 3 update, 4 delete, 99 other.
        var activity: Int
        var ours: [(String, JSONValue)]
        var tenant: String?
        var isGood = true
    }

    private var parts: Parts {
        switch self {
        case .logOpened(let epoch, let size):
            Parts(operation: "log.opened", activity: 99, ours: [("epoch", number(epoch)), ("size", number(size))])
        case .logClosed: Parts(operation: "log.closed", activity: 99, ours: [])
        case .configurationAccepted(let version, let digest):
            Parts(
                operation: "configuration.accepted", activity: 3,
                ours: [("version", number(version))] + (digest.map { [("digest", .string($0.hexadecimal))] } ?? []))
        case .configurationRefused: Parts(operation: "configuration.refused", activity: 3, ours: [], isGood: false)
        case .key(let change, let name, let tenant):
            Parts(
                operation: "key.\(change)", activity: change.activity, ours: [("key", .string(name))], tenant: tenant)
        case .roleBinding(let change, let name):
            Parts(
                operation: "roleBinding.\(change)", activity: change.activity, ours: [("role_binding", .string(name))])
        case .adminRequest(let action, let principal, let isAllowed):
            Parts(
                operation: "admin.\(action)", activity: 99,
                ours: principal.map { [("role_binding", .string($0))] } ?? [], isGood: isAllowed)
        case .cosigned(let witness, let size):
            Parts(
                operation: "checkpoint.cosigned", activity: 99,
                ours: [("size", number(size)), ("witness", .string(witness))])
        case .subjectErased(let handle, let tenant):
            Parts(operation: "subject.erased", activity: 4, ours: [("subject", .string(handle))], tenant: tenant)
        }
    }

    private func number(_ value: UInt64) -> JSONValue { .integer(min(value, UInt64(CanonicalJSON.integerMax))) }
}
