// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ConfigurationFiles
public import ResourceTypes

/// From references to secrets: reads the environment it is given and files.
///
/// A secret ends up in an HTTP header, so what cannot stand in one is refused here, where the file or variable can be
/// named. The content is never repeated.
public struct SecretResolver: Sendable {
    public static let secretBytesMax = 16 * 1024
    /// Shorter callers' keys can be guessed (128 bits as hexadecimal are 32 bytes, as raw bytes 16).
    static let guessableBytes = 16

    /// Shorter peppers could be searched for by whoever has a key and its hash (128 bits as hexadecimal).
    static let pepperBytesMin = 32

    private let environment: [String: String]

    public init(environment: [String: String]) { self.environment = environment }

    public enum Refusal: Error, Hashable, Sendable {
        case variableNotSet(String)
        case unreadable(path: String, reason: String)
        case empty, tooLong, controlByte, outerSpace, notASCII
    }

    public func resolve(_ reference: SecretReference) throws(Refusal) -> Secret {
        var bytes: [UInt8]
        switch reference {
        case .environment(let name):
            guard let value = environment[name] else { throw .variableNotSet(name) }
            bytes = Array(value.utf8)
        case .file(let path):
            bytes = try Self.read(path)
            Self.dropTrailingNewline(&bytes)
        }
        try Self.check(bytes)
        return Secret(bytes)
    }

    private static func read(_ path: String) throws(Refusal) -> [UInt8] {
        do throws(BoundedFile.ReadError) {
            return try BoundedFile.read(path, bytesMax: secretBytesMax + 2)
        } catch .tooLarge {
            throw .tooLong
        } catch {
            throw .unreadable(path: path, reason: "\(error)")
        }
    }

    /// Editors and `echo` end a file with one.
    private static func dropTrailingNewline(_ bytes: inout [UInt8]) {
        guard bytes.last == UInt8(ascii: "\n") else { return }
        bytes.removeLast()
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    }

    private static func check(_ bytes: [UInt8]) throws(Refusal) {
        guard let first = bytes.first, let last = bytes.last else { throw .empty }
        guard bytes.count <= secretBytesMax else { throw .tooLong }
        if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) { throw .controlByte }
        if bytes.contains(where: { $0 > 0x7F }) { throw .notASCII }
        if first == UInt8(ascii: " ") || last == UInt8(ascii: " ") { throw .outerSpace }
    }
}

extension SecretResolver.Refusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .variableNotSet(let name): "the environment variable \(name) is not set"
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .empty: "the secret is empty"
        case .tooLong: "the secret is longer than \(SecretResolver.secretBytesMax) bytes"
        case .controlByte: "the secret contains a line break or another control byte"
        case .outerSpace: "the secret begins or ends with a space"
        case .notASCII: "the secret contains bytes outside ASCII"
        }
    }
}

/// Every secret of a configuration, read once.
public struct ResolvedSecrets: Sendable {
    private var secrets: [SecretReference: Secret] = [:]

    public init() {}

    public subscript(reference: SecretReference) -> Secret? {
        get { secrets[reference] }
        set { secrets[reference] = newValue }
    }

    /// The bytes behind every reference, in an order that depends on the references only; for comparison with an
    /// earlier load.
    var contents: [[UInt8]] {
        secrets.map { (name: "\($0.key)", secret: $0.value) }.sorted { $0.name < $1.name }
            .flatMap { [Array($0.name.utf8), $0.secret.withBytes { Array($0) }] }
    }

    /// Reads what endpoints and keys refer to.
    /// - Returns: what could be read, and a problem at each reference that could not.
    public static func resolve(
        _ configuration: Configuration, with resolver: SecretResolver
    ) -> (secrets: ResolvedSecrets, problems: [ConfigurationProblem]) {
        var resolved = ResolvedSecrets()
        var problems: [ConfigurationProblem] = []
        for (resource, path, reference) in references(in: configuration) {
            do throws(SecretResolver.Refusal) {
                resolved[reference] = try resolver.resolve(reference)
            } catch {
                problems.append(configuration.sources.problem(at: resource, path, error.description))
            }
        }
        return (resolved, problems)
    }

    private static func references(of key: Key) -> [(ResourceName, String, SecretReference)] {
        let resource = ResourceName(.key, key.name)
        return (key.secret.map { [(resource, "spec.secret", $0)] } ?? [])
            + peppers(key.hashed, of: resource)
    }

    private static func peppers(
        _ hashed: [HashedSecret], of resource: ResourceName
    ) -> [(ResourceName, String, SecretReference)] {
        hashed.enumerated().map { (resource, "spec.hashed[\($0.offset)].pepper", $0.element.pepper) }
    }

    private static func references(in configuration: Configuration) -> [(ResourceName, String, SecretReference)] {
        let ofEndpoints = configuration.resources.endpoints.flatMap { endpoint in
            endpoint.credentials.enumerated().flatMap { index, credential in
                let path = configuration.credentialPath(index, of: endpoint)
                return credential.secretReferences.map { field, reference in
                    (ResourceName(.endpoint, endpoint.name), "\(path).\(field)", reference)
                }
            }
        }
        let ofBindings = configuration.resources.roleBindings.flatMap { binding in
            peppers(binding.hashed, of: ResourceName(.roleBinding, binding.name))
        }
        return ofEndpoints + configuration.resources.keys.flatMap(references) + ofBindings
    }
}
