// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// What a role lets see and do on the admin port.
public struct AdminPermissions: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The state of endpoints, credentials, configuration and audit log.
    public static let state = Self(rawValue: 1)
    /// Requests and tokens.
    public static let usage = Self(rawValue: 2)
    /// Prices, spend and budgets.
    public static let money = Self(rawValue: 4)
    /// Why a request would go where it goes, with the policies' reasons.
    public static let explanations = Self(rawValue: 8)
    /// Reads the configuration again.
    public static let reload = Self(rawValue: 16)
    public static let all: Self = [.state, .usage, .money, .explanations, .reload]
}

extension Role {
    public var permissions: AdminPermissions {
        switch self {
        case .viewer: [.state, .usage]
        case .operator: [.state, .usage, .explanations, .reload]
        case .security: [.state, .explanations]
        case .finance: [.usage, .money]
        case .admin: .all
        }
    }
}

/// What the admin port can be asked.
public enum AdminAction: String, CaseIterable, Sendable {
    /// The status document, of which everybody sees their part.
    case status
    /// The whole Prometheus page.
    case metrics
    case explain
    case reload

    /// `status` needs any of these, the others all.
    var needs: AdminPermissions {
        switch self {
        case .status, .metrics: [.state, .usage, .money]
        case .explain: .explanations
        case .reload: .reload
        }
    }

    /// Whether it concerns more than single tenants.
    var isAboutEveryTenant: Bool { self != .status }
}

/// Somebody at the admin port.
public struct AdminPrincipal: Equatable, Sendable {
    public var name: String
    public var permissions: AdminPermissions
    /// `nil`: every tenant.
    public var tenants: Set<String>?
    public init(name: String, roles: [Role], tenants: [String]?) {
        self.name = name
        permissions = roles.reduce(into: []) { $0.formUnion($1.permissions) }
        self.tenants = tenants.map { Set($0) }
    }

    /// Whoever reaches a loopback port where nobody is bound to any role.
    public static let local = AdminPrincipal(name: "local", roles: [.admin], tenants: nil)
}

/// A role binding as the admin port checks it.
public struct RoleBindingRecord: Sendable {
    public var principal: AdminPrincipal
    public var hashes: [SecretHash]
    public var tokens: [TokenMatch]
    public init(principal: AdminPrincipal, hashes: [SecretHash], tokens: [TokenMatch] = []) {
        self.principal = principal
        self.hashes = hashes
        self.tokens = tokens
    }
}

/// May this principal do that.
public enum AdminVerdict: Equatable, Sendable {
    case allowed
    /// None of its roles lets it; one of these would, or several together where none does alone.
    case needsRole([Role])
    /// It is bound to single tenants, and this is about all of them.
    case needsEveryTenant

    public static func of(_ action: AdminAction, by principal: AdminPrincipal) -> AdminVerdict {
        guard suffices(principal.permissions, for: action) else {
            return .needsRole(Role.allCases.filter { suffices($0.permissions, for: action) })
        }
        return action.isAboutEveryTenant && principal.tenants != nil ? .needsEveryTenant : .allowed
    }

    private static func suffices(_ permissions: AdminPermissions, for action: AdminAction) -> Bool {
        action == .status ? !permissions.isDisjoint(with: action.needs) : permissions.isSuperset(of: action.needs)
    }

    /// For whom it is refused to.
    public var reason: String? {
        switch self {
        case .allowed: nil
        case .needsRole(let roles):
            "This token's roles do not allow it. It needs \(roles.map(\.rawValue).joined(separator: " or "))"
                + (roles == [.admin] ? ", or viewer and finance together." : ".")
        case .needsEveryTenant: "This token is bound to single tenants, and this is about all of them."
        }
    }
}
