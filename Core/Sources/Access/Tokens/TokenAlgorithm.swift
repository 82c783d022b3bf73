// SPDX-License-Identifier: Apache-2.0
// Isobar

/// How a token can be signed (RFC 7518 §3.1, RFC 8037): with a private key only. What is not here cannot be configured:
/// neither `none` nor a shared secret.
public enum TokenAlgorithm: String, CaseIterable, Hashable, Sendable {
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case edDSA = "EdDSA"
}
