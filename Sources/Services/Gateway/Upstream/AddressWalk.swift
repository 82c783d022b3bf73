// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor

/// The addresses of one name in the order in which a connection tries them: each once, beginning with the preferred
/// one.
struct AddressWalk {
    private let addresses: [SocketAddress]
    private let first: Int
    private var tried = 0

    /// - Parameter preferred: position to begin at, 0 or more; taken modulo the number of addresses, because a name may
    ///   have fewer of them than it had.
    init(_ addresses: [SocketAddress], preferring preferred: Int) {
        self.addresses = addresses
        first = addresses.isEmpty ? 0 : preferred % addresses.count
    }

    /// Addresses not tried yet.
    var left: Int { addresses.count - tried }

    /// Position in the name's list of the address tried last; of the preferred one before the first try.
    var position: Int { position(ofTry: max(tried, 1)) }

    /// Position of the address that comes after the one tried last, also when that was the last one.
    var nextPosition: Int { position(ofTry: tried + 1) }

    private func position(ofTry number: Int) -> Int {
        addresses.isEmpty ? 0 : (first + number - 1) % addresses.count
    }

    /// - Returns: `nil` when every address has been tried.
    mutating func next() -> SocketAddress? {
        guard left > 0 else { return nil }
        tried += 1
        return addresses[position]
    }
}
