// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Which endpoints each profile may use in each stretch of time (epoch) in which no rule begins or ends, and the number
/// of the reason for each answer.
///
/// `Policy` compiles it, `Routing` carries it in its snapshot; neither knows the other.
/// - Cost: `admissible` is an index computation. Memory: epochs × profiles × endpoints × (1 bit + 32 bits).
/// - Threading: immutable, shared by all loops.
public final class AdmissionTable: @unchecked Sendable {
    // Proof of @unchecked: nothing is written after `init`.

    public let endpointCount: Int
    public let profileCount: Int
    /// First instant of each epoch, ascending; the last one does not end. Before the first nothing is admissible.
    public let epochStarts: [WallTime]
    /// No policy restricts anything: every profile may use every endpoint.
    public let isUnrestricted: Bool
    private let wordsPerSet: Int
    /// By epoch, then profile; after them one empty set.
    private let words: UnsafeMutablePointer<UInt64>
    /// By epoch, profile, endpoint.
    private let reasons: [UInt32]

    /// - Parameters:
    ///   - admits: by epoch, profile, endpoint.
    ///   - reasons: in the same order.
    package init(
        epochStarts: [WallTime], profileCount: Int, endpointCount: Int, admits: [Bool], reasons: [UInt32],
        isUnrestricted: Bool
    ) {
        let cells = epochStarts.count * profileCount * endpointCount
        precondition(admits.count == cells && reasons.count == cells, "\(admits.count) answers for \(cells) questions")
        self.epochStarts = epochStarts
        self.profileCount = profileCount
        self.endpointCount = endpointCount
        self.isUnrestricted = isUnrestricted
        self.reasons = reasons
        wordsPerSet = (endpointCount + 63) / 64
        let sets = epochStarts.count * profileCount + 1
        words = .allocate(capacity: max(1, sets * wordsPerSet))
        words.initialize(repeating: 0, count: max(1, sets * wordsPerSet))
        for (cell, isAdmitted) in admits.enumerated() where isAdmitted {
            let (set, endpoint) = cell.quotientAndRemainder(dividingBy: endpointCount)
            words[set * wordsPerSet + endpoint >> 6] |= 1 << UInt64(endpoint & 63)
        }
    }

    deinit { words.deallocate() }

    /// The epoch of a moment. Keep it, and ask again when the time has left it.
    public func epoch(at time: WallTime) -> AdmissionEpoch {
        var low = 0
        var high = epochStarts.count
        while low < high {
            let middle = (low + high) >> 1
            if epochStarts[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return AdmissionEpoch(
            index: low - 1, start: low == 0 ? .distantPast : epochStarts[low - 1],
            end: low < epochStarts.count ? epochStarts[low] : .distantFuture)
    }

    /// - Parameter profile: `nil`, like one that is not in the table, may use nothing.
    @inlinable public func admissible(_ profile: ProfileID?, in epoch: AdmissionEpoch) -> AdmissibleEndpoints {
        isUnrestricted ? AdmissibleEndpoints.everything : restricted(profile, epoch)
    }

    @usableFromInline func restricted(_ profile: ProfileID?, _ epoch: AdmissionEpoch) -> AdmissibleEndpoints {
        let sets = epochStarts.count * profileCount
        var set = sets
        if let profile, Int(profile.index) < profileCount, epoch.index >= 0, epoch.index < epochStarts.count {
            set = epoch.index * profileCount + Int(profile.index)
        }
        return AdmissibleEndpoints(words: words + set * wordsPerSet, count: endpointCount)
    }

    /// Number of the reason, as whoever compiled the table counts them; `nil` outside of it.
    public func reason(_ profile: ProfileID, _ endpoint: EndpointID, in epoch: AdmissionEpoch) -> Int? {
        guard Int(profile.index) < profileCount, Int(endpoint.index) < endpointCount, epoch.index >= 0,
            epoch.index < epochStarts.count
        else { return nil }
        let set = epoch.index * profileCount + Int(profile.index)
        return Int(reasons[set * endpointCount + Int(endpoint.index)])
    }
}

/// A stretch of time in which no rule begins or ends: `start ..< end`.
public struct AdmissionEpoch: BitwiseCopyable, Sendable {
    /// -1: before the table begins.
    public let index: Int
    public let start: WallTime
    public let end: WallTime
    @inlinable init(index: Int, start: WallTime, end: WallTime) {
        self.index = index
        self.start = start
        self.end = end
    }

    @inlinable public func contains(_ time: WallTime) -> Bool { start <= time && time < end }

    /// Contains no moment: the next question finds the right one.
    public static let none = AdmissionEpoch(index: -1, start: .distantFuture, end: .distantPast)
}

extension AdmissibleEndpoints {
    @usableFromInline static var everything: AdmissibleEndpoints { AdmissibleEndpoints(words: nil, count: 0) }
}
