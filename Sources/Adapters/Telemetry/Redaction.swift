// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The last line of defence against secrets in logs: by the name they are logged under.
///
/// `Secret` already prints as `<secret>`; this catches a header or a variable logged as plain text.
public enum Redaction {
    public static let mark = "<redacted>"

    /// Parts of a key, in any case, with `-`, `_` and `.` taken out.
    private static let secretParts = [
        "secret", "password", "passwd", "authorization", "apikey", "credential", "cookie", "bearer", "privatekey",
        "accesskey",
        "signature", "sessionkey", "prompt", "completion",
    ]
    /// Whole words only: `tokens` and `tokenCount` are counts, `token` is a credential.
    private static let secretNames = ["token", "key", "accesstoken", "refreshtoken", "idtoken", "authtoken"]

    public static func isSecret(key: String) -> Bool {
        let flat = key.lowercased().filter { $0 != "-" && $0 != "_" && $0 != "." }
        return secretNames.contains(flat) || secretParts.contains(where: flat.contains)
    }
}
