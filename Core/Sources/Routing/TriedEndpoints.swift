// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// The endpoints one request has already tried since its last wait.
///
/// - Limits: holds `capacity` ids, more than attempts are allowed per request; a further insert is dropped.
/// - Cost: inline, no allocation; membership is a scan of at most 16 words.
public struct TriedEndpoints: BitwiseCopyable, Sendable {
    public static let capacity = 16

    private var ids: InlineArray<16, UInt16>
    public private(set) var count: Int

    public init() {
        ids = InlineArray(repeating: 0)
        count = 0
    }

    public var isEmpty: Bool { count == 0 }

    public mutating func insert(_ endpoint: EndpointID) {
        guard count < Self.capacity, !contains(endpoint) else { return }
        ids[count] = endpoint.index
        count += 1
    }

    public func contains(_ endpoint: EndpointID) -> Bool {
        for i in 0..<count where ids[i] == endpoint.index { return true }
        return false
    }

    public mutating func removeAll() { count = 0 }

    /// Ids of a newer snapshot in place of the old ones; endpoints that are gone are forgotten.
    mutating func translate(_ translation: SnapshotTranslation) {
        var kept = TriedEndpoints()
        for i in 0..<count {
            guard let endpoint = translation.endpoint(EndpointID(Int(ids[i]))) else { continue }
            kept.insert(endpoint)
        }
        self = kept
    }
}
