// SPDX-License-Identifier: Apache-2.0
// Isobar

import Policy
import ResourceTypes
import Testing

@testable import Gateway

@Suite("A caller's demand on residency")
struct ClaimHeaderTests {
    private func parse(_ text: String) -> ClaimHeader.Outcome {
        var text = text
        return text.withUTF8 { ClaimHeader.parse(UnsafeRawBufferPointer($0)) }
    }

    @Test("is a dictionary of structured fields with two members")
    func right() {
        #expect(
            parse("within=(DE FR), classes=(health)")
                == .claim(ResidencyClaim(classes: [.health], within: ["DE", "FR"])))
        #expect(parse("classes=health") == .claim(ResidencyClaim(classes: [.health])))
        #expect(parse(" within=(  \"DE\"  eu ) ") == .claim(ResidencyClaim(within: ["DE", "eu"])))
        #expect(parse("within=()") == .claim(ResidencyClaim(within: [])))
        #expect(parse("within=(\"1-union\")") == .claim(ResidencyClaim(within: ["1-union"])))
    }

    @Test("names the class that nobody knows")
    func unknownClass() {
        #expect(parse("classes=(health secret)") == .unknownClass("secret"))
        #expect(parse("classes=\"\"") == .unknownClass(""))
    }

    @Test(
        "is refused when any of it could be overlooked",
        arguments: [
            "", "   ", "within", "within=", "within=(DE", "within=DE)", "within=(DE)x", "within=(DE),",
            "within=(DE) FR",
            "within=(DE,FR)", "within=(DE);q=1", "within=DE, within=FR", "purpose=eval", "Within=DE",
            "within=(DE\"FR\")",
            "within=1DE", "within=\"DE", "within=\"D\\\"E\"", "within=(DE)  classes=(health)", "within= DE", "=DE",
            "within=(DE), classes=(health), ", "within=\u{e9}",
        ])
    func malformed(text: String) {
        #expect(parse(text) == .malformed)
    }

    @Test("is refused when it has no end of places")
    func tooLong() {
        #expect(parse("within=(" + String(repeating: "DE ", count: 300) + ")") == .malformed)
    }
}
