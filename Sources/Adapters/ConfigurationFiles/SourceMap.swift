// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Where each value of a configuration was written, so that checks made after decoding can still point at a line.
public struct SourceMap: Sendable {
    /// A place in a file; `line` and `column` count from 1.
    public struct Location: Hashable, Sendable {
        public var file: String
        public var line: Int
        public var column: Int
        public init(file: String, line: Int, column: Int) {
            self.file = file
            self.line = line
            self.column = column
        }
    }

    private struct Place: Hashable {
        var resource: ResourceName
        var path: String
    }

    private var locations: [Place: Location] = [:]
    private var texts: [String: SourceText] = [:]

    public init() {}

    mutating func insert(_ text: SourceText) { texts[text.file] = text }

    mutating func insert(_ location: Location, of resource: ResourceName, path: String) {
        locations[Place(resource: resource, path: path)] = location
    }

    /// Where `path` of `resource` is written. A path that is not (a default, for instance) is found at its nearest
    /// ancestor.
    public func location(of resource: ResourceName, path: String) -> Location? {
        var path = Substring(path)
        while true {
            if let location = locations[Place(resource: resource, path: String(path))] { return location }
            guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { break }
            path = path[..<cut]
        }
        return locations[Place(resource: resource, path: "")]
    }

    /// Whether exactly this path is in some file.
    public func isWritten(_ path: String, of resource: ResourceName) -> Bool {
        locations[Place(resource: resource, path: path)] != nil
    }

    /// A problem at `path` of `resource`, with place and source line filled in.
    public func problem(
        _ severity: ConfigurationProblem.Severity = .error, at resource: ResourceName, _ path: String,
        _ message: String,
        hint: String? = nil
    ) -> ConfigurationProblem {
        problem(severity, at: location(of: resource, path: path), in: resource, path: path, message, hint: hint)
    }

    func problem(
        _ severity: ConfigurationProblem.Severity = .error, at location: Location?, in resource: ResourceName?,
        path: String,
        _ message: String, hint: String? = nil
    ) -> ConfigurationProblem {
        ConfigurationProblem(
            severity: severity, file: location?.file ?? "", line: location?.line ?? 0, column: location?.column ?? 0,
            resource: resource?.description, path: path.isEmpty ? nil : path, message: message, hint: hint,
            excerpt: location.flatMap { texts[$0.file]?.excerpt(line: $0.line) })
    }
}
