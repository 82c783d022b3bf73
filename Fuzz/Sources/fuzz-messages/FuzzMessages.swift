// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import FuzzSupport
internal import ResourceTypes
internal import WireChecks

@main enum FuzzMessages {
    static func main() { Fuzz.run { data, count in WireChecks.check(data, count, .messages) } }
}
