// SPDX-License-Identifier: Apache-2.0
// Isobar

public import ResourceTypes

/// A key of AWS, permanent or temporary.
public struct AWSCredential: Sendable {
    /// Public: it is sent in the clear and AWS logs it.
    public var accessKeyID: String
    public var secretAccessKey: Secret
    /// With temporary keys only; sent, and signed, in a header of its own.
    public var sessionToken: Secret?
    public init(accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret?) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }
}
