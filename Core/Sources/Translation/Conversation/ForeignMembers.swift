// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

// Members that a reader met below the top level and that no other wire has.
extension Conversation {
    /// More names tell nobody more, and a hostile body may have very many.
    private static let foreignNamesMax = 64

    /// Lists `prefix` and `name`, once.
    func addForeign(_ prefix: StaticString, _ name: JSONString) {
        guard foreign.count < Self.foreignNamesMax else { return }
        let prefix = UnsafeRawBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
        let isListed = foreign.contains { listed in
            listed.bytes.count == prefix.count + name.bytes.count && listed.bytes.starts(with: prefix)
                && listed.bytes.dropFirst(prefix.count).elementsEqual(name.bytes)
        }
        guard !isListed else { return }
        let memory = arena.take(prefix.count + name.bytes.count)
        memory.copyBytes(from: prefix)
        UnsafeMutableRawBufferPointer(rebasing: memory[prefix.count...]).copyBytes(from: name.bytes)
        foreign.append(JSONString(UnsafeRawBufferPointer(memory), hasEscapes: name.hasEscapes))
    }

    /// Lists the members of `element` that `known` does not name and that say something.
    func addForeignMembers(of element: JSONElement, except known: [StaticString], _ prefix: StaticString) {
        for (name, value) in element.members where !value.isEmpty && !known.contains(where: { name == $0 }) {
            addForeign(prefix, name)
        }
    }
}
