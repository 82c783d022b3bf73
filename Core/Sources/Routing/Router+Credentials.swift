// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

extension Router {
    /// Something changed about what this loop can send as an endpoint's credential.
    /// - Parameters:
    ///   - isReady: there is something to send, or nothing is needed. Otherwise the endpoint is out of order.
    ///   - isFresh: a key or token is new. That the endpoint refused the old one, or that its quota was used up, is then
    ///     no reason any more to leave the endpoint alone.
    public mutating func credentialsChanged(_ endpoint: EndpointID, isReady: Bool, isFresh: Bool) {
        guard let state = state(endpoint) else { return }
        state.pointee.hasCredential = isReady
        guard isFresh, state.pointee.isCoolDownForAccount else { return }
        state.pointee.isCoolDownForAccount = false
        state.pointee.coolDownUntil = .distantPast
    }
}
