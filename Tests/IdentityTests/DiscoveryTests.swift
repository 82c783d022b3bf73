// SPDX-License-Identifier: Apache-2.0
// Isobar

import PlainHTTP
import Testing

@testable import Identity

@Suite("What an issuer's answers mean")
struct DiscoveryTests {
    @Test("how long an answer is fresh, as caches read it")
    func freshness() {
        let fields: [(String, Int64?)] = [
            ("public, max-age=21600, must-revalidate", 21_600), ("MAX-AGE=5", 5), ("no-store", 0), ("no-cache, max-age=9", 0),
            ("", nil), ("private", nil), ("max-age=", nil), ("max-age=1e3", nil), ("s-maxage=7", nil),
            ("max-age=99999999999999999999", nil),
        ]
        for (field, seconds) in fields { #expect(IssuerKeeper.maximumAge(field) == seconds, "\(field)") }
    }

    private func address(_ body: String, of issuer: String) -> String? {
        guard let url = try? HTTPURL(issuer) else { return nil }
        return (try? IssuerKeeper.keysAddress(Array(body.utf8), of: issuer, at: url))?.description
    }

    @Test("keys are where the issuer itself says, and never come in the clear from afar")
    func place() {
        let (far, near) = ("https://corp.example/a", "http://127.0.0.1:8200")
        func document(_ issuer: String, _ place: String) -> String { #"{"issuer":"\#(issuer)","jwks_uri":"\#(place)"}"# }
        #expect(address(document(far, "https://keys.example/b"), of: far) == "https://keys.example/b")
        #expect(address(document(near, "http://127.0.0.1:8200/k"), of: near) == "http://127.0.0.1:8200/k")
        #expect(address(document(near, "https://keys.example/b"), of: near) == "https://keys.example/b")
        for place in ["http://keys.example/b", "http://169.254.169.254/latest", "http://127.0.0.1/k", "file:///etc/passwd", ""] {
            #expect(address(document(far, place), of: far) == nil, "\(place)")
        }
        for other in [far + "/", "https://corp.example/A", "https://corp.example", ""] {
            #expect(address(document(other, "https://keys.example/b"), of: far) == nil, "\(other)")
        }
        for body in ["", "[]", "{}", #"{"issuer":"\#(far)"}"#, #"{"issuer":"\#(far)","jwks_uri":7}"#] {
            #expect(address(body, of: far) == nil)
        }
    }

    @Test("an issuer is asked by TLS, or on this machine")
    func issuer() {
        #expect((try? IssuerKeeper.url("https://corp.example", "it"))?.host == "corp.example")
        #expect((try? IssuerKeeper.url("http://localhost:1/a", "it"))?.host == "localhost")
        #expect((try? IssuerKeeper.url("http://corp.example", "it")) == nil)
        #expect((try? IssuerKeeper.url("corp.example", "it")) == nil)
    }
}
