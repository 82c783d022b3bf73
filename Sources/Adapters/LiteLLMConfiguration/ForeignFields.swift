// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles

/// The fields of one mapping of the proxy's configuration, asked for one by one. What nobody asked for is left over,
/// and said to be.
final class ForeignFields {
    let tree: YAMLTree
    /// Where a field stands that is not in `tree`: a named credential.
    private let defaults: YAMLTree?
    private var asked: Set<String> = []

    init(_ tree: YAMLTree, defaults: YAMLTree? = nil) {
        self.tree = tree
        self.defaults = defaults
    }

    /// `nil` when it is absent or null.
    subscript(name: String) -> YAMLTree? {
        asked.insert(name)
        return tree[name] ?? defaults?[name]
    }

    /// The first of several names for one thing.
    func first(of names: String...) -> YAMLTree? {
        let found = names.map { self[$0] }
        return found.lazy.compactMap(\.self).first
    }

    /// Accepts fields without looking at them.
    func ignore(_ names: some Sequence<String>) { asked.formUnion(names) }

    /// In the order of the file; nulls say nothing.
    var leftovers: [YAMLTree.Entry] {
        let all = tree.entries + (defaults?.entries ?? [])
        return all.filter { !asked.contains($0.name) && !$0.value.isNull }
    }
}
