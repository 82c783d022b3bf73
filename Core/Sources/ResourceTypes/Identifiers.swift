// SPDX-License-Identifier: Apache-2.0
// Isobar

// Dense indices into one `RoutingSnapshot`. They mean nothing across snapshots: names do. Work on ids inside, names at
// the edges.

/// Position of an endpoint in `RoutingSnapshot.endpoints`.
public struct EndpointID: Hashable, Comparable, BitwiseCopyable, Sendable {
    public var index: UInt16
    @inlinable public init(_ index: Int) { self.index = UInt16(index) }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// Position of a route in `RoutingSnapshot.routes`.
public struct RouteID: Hashable, Comparable, BitwiseCopyable, Sendable {
    public var index: UInt16
    @inlinable public init(_ index: Int) { self.index = UInt16(index) }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// Position of a region in `RoutingSnapshot.regions`.
public struct RegionID: Hashable, Comparable, BitwiseCopyable, Sendable {
    public var index: UInt16
    @inlinable public init(_ index: Int) { self.index = UInt16(index) }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// Position of a caller's key in `RoutingSnapshot.keys`.
public struct KeyID: Hashable, Comparable, BitwiseCopyable, Sendable {
    public var index: UInt16
    @inlinable public init(_ index: Int) { self.index = UInt16(index) }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// Position of a residency profile in the snapshot's `AdmissionTable`.
public struct ProfileID: Hashable, Comparable, BitwiseCopyable, Sendable {
    public var index: UInt16
    @inlinable public init(_ index: Int) { self.index = UInt16(index) }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// Number of a cloud identity. Unlike the positions above it means the same in every snapshot of a process, and is
/// never given to another identity: a loop that still holds its token must not send it for someone else.
public struct CredentialID: Hashable, Comparable, BitwiseCopyable, Sendable {
    public var number: UInt32
    @inlinable public init(_ number: UInt32) { self.number = number }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.number < b.number }
}
