// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

extension SecretReference {
    /// `env:NAME` or `file:PATH`; `nil` when it is neither.
    /// - Parameter file: from whose folder a relative path counts.
    public init?(_ text: String, besides file: String) {
        if text.hasPrefix("env:") {
            let name = text.dropFirst(4)
            guard Self.isEnvironmentName(name) else { return nil }
            self = .environment(String(name))
            return
        }
        let path = String(text.dropFirst(5))
        guard text.hasPrefix("file:"), !path.isEmpty, path.utf8.count <= 4096, !path.utf8.contains(0) else { return nil }
        self = .file(FilePath.resolve(path, besides: file))
    }

    private static func isEnvironmentName(_ name: Substring) -> Bool {
        guard let first = name.utf8.first, !ScalarText.isDigit(first), name.utf8.count <= 256 else { return false }
        return name.utf8.allSatisfy { byte in
            ScalarText.isDigit(byte) || byte == UInt8(ascii: "_")
                || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
        }
    }
}

extension Shape where Value == SecretReference {
    /// Where a secret is. Whatever else stands here is never repeated: it is probably the secret itself.
    static var secret: Shape {
        Shape(allowed: "env:NAME or file:PATH") { cursor in
            if let text = cursor.scalar?.text, let reference = SecretReference(text, besides: cursor.context.file) {
                return reference
            }
            cursor.reportUnseen(
                "a secret must be a reference; allowed: env:NAME or file:PATH (found something else, not shown)",
                hint: "put the secret into an environment variable or a file; if it was committed, revoke it")
            return nil
        }
    }
}
