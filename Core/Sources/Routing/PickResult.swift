// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// Where the next attempt goes.
public enum PickResult: Equatable, BitwiseCopyable, Sendable {
    /// `tier` 0 is the default tier, higher ones are overflow.
    case endpoint(EndpointID, tier: Int)
    case none(NoEndpoint)
}

/// Why there is no endpoint, with the wait after which asking again makes sense.
public enum NoEndpoint: Equatable, BitwiseCopyable, Sendable {
    /// Every endpoint of the route was already tried by this request.
    case exhausted
    /// Breakers, cool-downs or probes keep the rest out.
    case unavailable(retryAfter: TimeSpan)
    /// The rest is healthy but its limits are reached.
    case atCapacity(retryAfter: TimeSpan)
    /// The request's bytes may go to none of the route's endpoints: waiting or trying again does not change that.
    case inadmissible

    var retryAfter: TimeSpan? {
        switch self {
        case .exhausted, .inadmissible: nil
        case .unavailable(let span), .atCapacity(let span): span
        }
    }
}
