// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The endpoints that a request may be sent to at one moment: the only source of `EndpointHandle`s.
///
/// Has no public initialiser: an `AdmissionTable` gives it out, and `Policy` makes those. Whoever chooses or reaches an
/// endpoint asks for one, so that no path can forget to.
/// - Lifetime: a view into the table (or narrowed set) that gave it out; for one decision, not to be kept.
/// - Cost: three words; membership is one load and one shift.
public struct AdmissibleEndpoints: BitwiseCopyable {
    /// One bit per endpoint; `nil`: all.
    @usableFromInline let words: UnsafePointer<UInt64>?
    @usableFromInline let count: Int

    /// - Parameter count: endpoints that `words` has bits for; others are not in the set.
    package init(words: UnsafePointer<UInt64>?, count: Int) {
        self.words = words
        self.count = count
    }

    @inlinable public func contains(_ endpoint: EndpointID) -> Bool {
        guard let words else { return true }
        let index = Int(endpoint.index)
        return index < count && words[index >> 6] >> UInt64(index & 63) & 1 != 0
    }

    /// Leave to send bytes to the endpoint now; `nil` when there is none.
    @inlinable public func handle(_ endpoint: EndpointID) -> EndpointHandle? {
        contains(endpoint) ? EndpointHandle(admitted: endpoint) : nil
    }

    /// No policy restricts anything.
    @inlinable public var isEverything: Bool { words == nil }
}

/// Leave to send one request's bytes to one endpoint: what dispatching asks for instead of an `EndpointID`.
public struct EndpointHandle: BitwiseCopyable, Sendable {
    public let id: EndpointID
    @usableFromInline init(admitted id: EndpointID) { self.id = id }
}
