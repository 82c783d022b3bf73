// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Synchronization

/// Which endpoint keeps which stored answer of OpenAI's Responses, so that a request with `previous_response_id` goes to
/// the only one that can continue it.
///
/// Ids are kept as hashes that are random per process, and forgotten oldest first. An id that nobody here made, or that
/// is forgotten, pins nothing: the request goes to whichever endpoint has the API, which says itself that it does not
/// know the answer.
/// - Limits: the latest 65,536 to 131,072 answers; about 6 MB.
/// - Threading: shared by all loops; touched by requests of this one API only.
final class ResponseOwners: Sendable {
    private struct State {
        /// Two generations: when the young one is full it becomes the old one, whose entries are forgotten.
        var young: [Int: Int] = [:]
        var old: [Int: Int] = [:]
    }

    private static let generationMax = 65_536

    private let state = Mutex(State())

    /// - Parameter endpoint: hash of the endpoint's name; ids of endpoints change with each configuration.
    func note(_ response: Int, endpoint: Int) {
        state.withLock { state in
            if state.young.count >= Self.generationMax {
                state.old = state.young
                state.young = [:]
            }
            state.young[response] = endpoint
        }
    }

    func endpoint(of response: Int) -> Int? {
        state.withLock { $0.young[response] ?? $0.old[response] }
    }

    /// Hash of an id or a name, by the standard library's hasher, which is seeded per process.
    static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return hasher.finalize()
    }

    static func hash(_ name: String) -> Int {
        var name = name
        return name.withUTF8 { hash(UnsafeRawBufferPointer($0)) }
    }
}
