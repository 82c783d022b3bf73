// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Access

@Suite("Who may do what on the admin port")
struct AdminAccessTests {
    /// Written down once more, by hand: who is bound to everything may do these.
    private static let allowed: [(Role, Set<AdminAction>)] = [
        (.viewer, [.status]), (.operator, [.status, .explain, .reload]), (.security, [.status, .explain]),
        (.finance, [.status]), (.admin, [.status, .metrics, .explain, .reload]),
    ]

    @Test("each role may do what the table says", arguments: allowed)
    func roles(role: Role, actions: Set<AdminAction>) {
        for action in AdminAction.allCases {
            let verdict = AdminVerdict.of(action, by: AdminPrincipal(name: "a", roles: [role], tenants: nil))
            #expect((verdict == .allowed) == actions.contains(action), "\(action)")
        }
    }

    @Test("over all 32 sets of roles: more roles never take away, single tenants never add, no role is nothing")
    func monotone() {
        func principal(_ set: Int, _ tenants: [String]?) -> AdminPrincipal {
            let roles = Role.allCases.enumerated().filter { set >> $0.offset & 1 == 1 }.map(\.element)
            return AdminPrincipal(name: "a", roles: roles, tenants: tenants)
        }
        func mayDo(_ set: Int, _ tenants: [String]?) -> Set<AdminAction> {
            Set(AdminAction.allCases.filter { AdminVerdict.of($0, by: principal(set, tenants)) == .allowed })
        }
        #expect(mayDo(0, nil).isEmpty)
        for set in 0..<32 {
            for more in 0..<32 where set & more == set { #expect(mayDo(set, nil).isSubset(of: mayDo(more, nil))) }
            #expect(mayDo(set, ["t"]) == mayDo(set, nil).intersection([.status]))
            #expect(mayDo(set, []) == mayDo(set, ["t"]))
        }
    }

    @Test("viewer and finance together see all numbers; each alone is told what it lacks")
    func numbers() {
        let both = AdminPrincipal(name: "a", roles: [.viewer, .finance], tenants: nil)
        #expect(AdminVerdict.of(.metrics, by: both) == .allowed && !both.permissions.contains(.reload))
        let viewer = AdminPrincipal(name: "a", roles: [.viewer], tenants: nil)
        #expect(AdminVerdict.of(.metrics, by: viewer).reason?.contains("viewer and finance together") == true)
        #expect(AdminVerdict.of(.reload, by: viewer) == .needsRole([.operator, .admin]))
        let bound = AdminPrincipal(name: "a", roles: [.admin], tenants: ["t"])
        #expect(AdminVerdict.of(.reload, by: bound) == .needsEveryTenant)
        #expect(AdminVerdict.of(.status, by: bound).reason == nil)
    }

    @Test("only finance and admin see money, only state is what a viewer has and finance has not")
    func money() {
        #expect(Role.allCases.filter { $0.permissions.contains(.money) } == [.finance, .admin])
        #expect(Role.allCases.filter { !$0.permissions.contains(.state) } == [.finance])
    }
}
