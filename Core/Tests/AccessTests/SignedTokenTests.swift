// SPDX-License-Identifier: Apache-2.0
// Isobar

import Testing
import WireFormats

@testable import Access

private func encoded(_ text: String) -> String { String(decoding: Base64.encode(Array(text.utf8), .url), as: UTF8.self) }

private func token(_ header: String, _ claims: String = "{}", signature: String = "c2ln") -> String {
    "\(encoded(header)).\(encoded(claims)).\(signature)"
}

private func parsed(_ text: String) -> Result<SignedToken, TokenFault> {
    Array(text.utf8).withUnsafeBytes { bytes in
        Result { () throws(TokenFault) in
            let token = try SignedToken(parsing: bytes)
            _ = try token.claims()
            return token
        }
    }
}

private func fault(_ text: String) -> TokenFault? {
    if case .failure(let fault) = parsed(text) { fault } else { nil }
}

@Suite("A token, taken apart")
struct SignedTokenTests {
    @Test("a good one: algorithm, key id, claims, what is signed")
    func good() throws {
        let text = token(#"{"alg":"ES256","kid":"k1","typ":"at+JWT","jku":"https://evil"}"#, #"{"iss":"a"}"#)
        let token = try parsed(text).get()
        let claims = try token.claims()
        #expect(token.algorithm == .es256 && token.keyID == "k1" && claims["iss"]?.stringValue == "a")
        #expect(token.signature == Array("sig".utf8) && text.utf8.prefix(token.signedCount).last != UInt8(ascii: "."))
        #expect(text.utf8.count == token.signedCount + 1 + 4)
    }

    @Test("no algorithm but those with a private key", arguments: ["none", "None", "HS256", "hs256", "RS256 ", "rs256", ""])
    func algorithm(_ name: String) {
        #expect(fault(token(#"{"alg":"\#(name)"}"#)) == .algorithm)
    }

    @Test("headers that mean something we do not know are refused", arguments: [
        #"{}"#, #"{"alg":null}"#, #"{"alg":7}"#, #"{"alg":"RS256","crit":["exp"]}"#, #"{"alg":"RS256","crit":[]}"#,
        #"{"alg":"RS256","b64":false}"#, #"{"alg":"RS256","cty":"jwt"}"#, #"{"alg":"RS256","cty":1}"#,
        #"{"alg":"RS256","typ":"dpop+jwt"}"#, #"{"alg":"RS256","typ":1}"#, #"{"alg":"RS256","kid":1}"#,
        #"{"alg":"RS256","alg":"RS256"}"#, #"[]"#, #"{"alg":"RS256""#,
    ])
    func header(_ header: String) {
        guard case .malformed = fault(token(header)) else {
            Issue.record("\(header): \(String(describing: fault(token(header))))")
            return
        }
    }

    @Test("three parts of base64url in one spelling")
    func shape() {
        let good = token(#"{"alg":"RS256"}"#, #"{"a":1}"#)
        #expect(fault(good) == nil)
        for bad in [
            "", ".", "..", "a.b", good + ".x", good + "=", good + "\n", " " + good, good.replacing("c2ln", with: ""),
            good.replacing("c2ln", with: "c2l"), good.replacing("c2ln", with: "c2lnYR"), token(#"{"alg":"RS256"}"#, "[]"),
            token(#"{"alg":"RS256"}"#, #"{"a":1,"a":2}"#), #"{"payload":"","protected":"","signature":""}"#,
            good.replacing("c2ln", with: "+/+/"),
        ] {
            guard case .malformed = fault(bad) else {
                Issue.record("\(bad) was taken")
                continue
            }
        }
    }

    @Test("a long one is refused by its length, a long header by its own")
    func long() {
        let padding = String(repeating: "x", count: SignedToken.headerBytesMax)
        #expect(fault(token(#"{"alg":"RS256","x":"\#(padding)"}"#)) != nil)
        #expect(fault(token(#"{"alg":"RS256"}"#, #"{"x":"\#(padding)"}"#)) == nil)
        let longest = String(repeating: "x", count: SignedToken.bytesMax)
        #expect(fault(token(#"{"alg":"RS256"}"#, #"{"x":"\#(longest)"}"#)) == .malformed("it is longer than 16384 bytes"))
    }

    @Test("base64url round trip of every length, and no second spelling")
    func base64() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            let text = String(decoding: Base64.encode(bytes, .url), as: UTF8.self)
            #expect(Base64.decodeURL(text) == bytes)
            if count % 3 != 0 { #expect(Base64.decodeURL(text + "=") == nil) }
        }
        // The last character's superfluous bits are zero in one spelling only.
        let spellings = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".filter {
            Base64.decodeURL("Y\($0)") == [UInt8(ascii: "a")]
        }
        #expect(spellings == "Q")
    }
}
