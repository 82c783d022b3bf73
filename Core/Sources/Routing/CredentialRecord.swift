// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// One credential of an endpoint, compiled.
public enum CredentialRecord: Sendable {
    /// Complete header line without CRLF, e.g. `Authorization: Bearer …`: the same in every request.
    case header(Secret)
    /// What the process's keeper publishes under `id`, from `RoutingSnapshot.credentialSources`. Until it does, there
    /// is none.
    case dynamic(id: CredentialID, use: Use)

    /// Whether both are one credential: the same key, or the same identity used in the same way.
    public func isSame(as other: CredentialRecord) -> Bool {
        switch (self, other) {
        case (.header(let line), .header(let otherLine)): otherLine.withBytes(line.matches)
        case (.dynamic(let id, let use), .dynamic(let otherID, let otherUse)): id == otherID && use == otherUse
        case (.header, .dynamic), (.dynamic, .header): false
        }
    }

    /// What is done with what is published.
    public enum Use: Hashable, Sendable {
        /// Header lines, sent as they are.
        case headerLines
        /// A key of AWS, with which every request is signed for `region` and `service`.
        case awsSignature(region: String, service: String)
    }
}
