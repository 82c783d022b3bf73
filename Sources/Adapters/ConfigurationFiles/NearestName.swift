// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What someone probably meant to write.
package enum NearestName {
    /// Names compared at most, so that a long list of wrong names over a long list of right ones stays quick.
    private static let candidatesMax = 5_000
    private static let listedMax = 8
    private static let lengthMax = 128

    /// `did you mean …?`, or the allowed names when none is near and they are few.
    package static func hint(for wrong: String, among allowed: [String]) -> String? {
        if let near = nearest(to: wrong, among: allowed) { return "did you mean \"\(near)\"?" }
        guard !allowed.isEmpty, allowed.count <= listedMax else { return nil }
        return "allowed: " + allowed.sorted().joined(separator: ", ")
    }

    /// The name with the fewest edits; `nil` when more than a third of the letters would change.
    static func nearest(to wrong: String, among allowed: [String]) -> String? {
        let wanted = Array(wrong.lowercased().utf8.prefix(lengthMax))
        let distanceMax = max(1, wanted.count / 3)
        var best: (name: String, distance: Int)?
        for name in allowed.prefix(candidatesMax) {
            let candidate = Array(name.lowercased().utf8.prefix(lengthMax))
            guard abs(candidate.count - wanted.count) <= distanceMax else { continue }
            let distance = distance(wanted, candidate)
            if distance <= distanceMax, distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    /// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours each cost 1.
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...b.count)
        for i in a.indices {
            var current = [i + 1]
            for j in b.indices {
                let substituted = previous[j] + (a[i] == b[j] ? 0 : 1)
                var cost = min(substituted, previous[j + 1] + 1, current[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforePrevious[j - 1] + 1) }
                current.append(cost)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[b.count]
    }
}
