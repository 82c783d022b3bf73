// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The endpoints that a request may be sent to at one moment: the only source of `EndpointHandle`s.
///
/// Has no public initialiser: an `AdmissionTable` gives it out, and `Policy` makes those. Whoever chooses or reaches an
/// endpoint asks for one, so that no path can forget to.
/// - Lifetime: a view into the table (or narrowed set) that gave it out; for one decision, not to be kept.
/// - Cost: a few words; membership is one or two loads and shifts.
public struct AdmissibleEndpoints: BitwiseCopyable {
    /// One bit per endpoint; `nil`: all.
    @usableFromInline let words: UnsafePointer<UInt64>?
    @usableFromInline let count: Int
    /// Those of the set that are left by something else than policy; `nil`: all.
    @usableFromInline var mask: UnsafePointer<UInt64>?
    @usableFromInline var maskCount = 0

    /// - Parameter count: endpoints that `words` has bits for; others are not in the set.
    package init(words: UnsafePointer<UInt64>?, count: Int) {
        self.words = words
        self.count = count
    }

    @inlinable public func contains(_ endpoint: EndpointID) -> Bool {
        let index = Int(endpoint.index)
        if let words, index >= count || words[index >> 6] >> UInt64(index & 63) & 1 == 0 { return false }
        guard let mask else { return true }
        return index < maskCount && mask[index >> 6] >> UInt64(index & 63) & 1 != 0
    }

    /// Those that the mask leaves. For anyone: no mask adds an endpoint. One at a time.
    @inlinable public func narrowed(by mask: EndpointMask) -> AdmissibleEndpoints {
        precondition(self.mask == nil, "a set is narrowed by one mask")
        var narrowed = self
        narrowed.mask = UnsafePointer(mask.words)
        narrowed.maskCount = mask.count
        return narrowed
    }

    /// Leave to send bytes to the endpoint now; `nil` when there is none.
    @inlinable public func handle(_ endpoint: EndpointID) -> EndpointHandle? {
        contains(endpoint) ? EndpointHandle(admitted: endpoint) : nil
    }

    /// Nothing restricts anything.
    @inlinable public var isEverything: Bool { words == nil && mask == nil }
}

/// Leave to send one request's bytes to one endpoint: what dispatching asks for instead of an `EndpointID`.
public struct EndpointHandle: BitwiseCopyable, Sendable {
    public let id: EndpointID
    @usableFromInline init(admitted id: EndpointID) { self.id = id }
}

/// Some of a snapshot's endpoints, to narrow what is admissible by.
/// - Threading: immutable, shared by all loops.
public final class EndpointMask: @unchecked Sendable {
    // Proof of @unchecked: nothing is written after `init`.
    @usableFromInline let words: UnsafeMutablePointer<UInt64>
    @usableFromInline let count: Int

    /// - Parameter members: by `EndpointID`.
    public init(_ members: [Bool]) {
        count = members.count
        let wordCount = max(1, (count + 63) / 64)
        words = .allocate(capacity: wordCount)
        words.initialize(repeating: 0, count: wordCount)
        for (index, isMember) in members.enumerated() where isMember { words[index >> 6] |= 1 << UInt64(index & 63) }
    }

    deinit { words.deallocate() }

    @inlinable public func contains(_ endpoint: EndpointID) -> Bool {
        let index = Int(endpoint.index)
        return index < count && words[index >> 6] >> UInt64(index & 63) & 1 != 0
    }
}
