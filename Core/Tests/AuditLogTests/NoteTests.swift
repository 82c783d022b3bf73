// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import CoreTestSupport
import Testing

@Suite struct NoteTests {
    private static let published = """
        This is an example message.

        — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

        """

    @Test func `the specification's note is read and written back`() throws {
        let note = try SignedNote(parsing: Array(Self.published.utf8))
        #expect(note.text == "This is an example message.\n")
        #expect(note.signatures.first?.name == "example.com/foo")
        #expect(note.signatures.first?.keyID == 0x530d_903a)
        #expect(note.bytes == Array(Self.published.utf8))
    }

    @Test func `the specification's key has the id it states`() throws {
        let text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
        #expect(try VerifierKey(parsing: text, by: PlainSHA256.self).text == text)
    }

    @Test(arguments: [
        ("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", VerifierKey.Fault.wrongKeyID),
        ("example.com/fooo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", .wrongKeyID),
        ("example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", .malformed),
        ("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2", .malformed),
        ("example.com/foo+530d903a", .malformed), ("+530d903a+AQ==", .malformed), ("a b+530d903a+AQ==", .malformed),
        ("a+530d903a+AQ==", .malformed), ("a+530d903a+Bg==", .unknownType(6)), ("", .malformed),
    ])
    func `a key that is not quite one is refused`(text: String, fault: VerifierKey.Fault) {
        #expect(throws: fault) { try VerifierKey(parsing: text, by: PlainSHA256.self) }
    }

    @Test(arguments: [
        "", "\n", "text\n", "text\n\n", "text\n\nno signature\n", "text\n\n— a AAAAAAA=", "text\n\n- a AAAAAAA=\n",
        "text\n\n— a AAAAAA==\n", "text\n\n— a+b AAAAAAA=\n", "text\n\n—  AAAAAAA=\n", "text\n\n— a AAAAAAA= \n",
        "te\txt\n\n— a AAAAAAA=\n", "text\r\n\n— a AAAAAAA=\n", "text\n\n— a AAAAAAB=\n",
        "text\n\n— a\u{A0}b AAAAAAA=\n",
        "text\n\n— a AAAAAAA=\n\n",
    ])
    func `what is no note is refused`(text: String) {
        #expect(throws: SignedNote.Fault.self) { try SignedNote(parsing: Array(text.utf8)) }
    }

    @Test func `a text may contain blank lines, and bytes that are no UTF-8 are refused`() throws {
        let note = try SignedNote(parsing: Array("one\n\ntwo\n\n— a AAAAAAA=\n".utf8))
        #expect(note.text == "one\n\ntwo\n")
        #expect(throws: SignedNote.Fault.notText) { try SignedNote(parsing: [0xFF, 10, 10]) }
    }

    @Test func `as many signatures as the limit are read, one more is refused`() throws {
        let line = "— a AAAAAAA=\n"
        let most = "t\n\n" + String(repeating: line, count: SignedNote.signaturesMax)
        #expect(try SignedNote(parsing: Array(most.utf8)).signatures.count == SignedNote.signaturesMax)
        #expect(throws: SignedNote.Fault.tooLarge) { try SignedNote(parsing: Array((most + line).utf8)) }
    }

    @Test func `unknown keys are ignored, a known key that fails spoils the note`() throws {
        let (log, witness, stranger) = (
            FakeSigning.key("log"), FakeSigning.key("w", .cosignature), FakeSigning.key("stranger")
        )
        var note = FakeSigning.note("text\n", log, witness, stranger)
        let found = try note.verified(by: [log, witness], FakeSigning.check)
        #expect(found.map(\.key.name) == ["log", "w"])
        #expect(found.map(\.unixSeconds) == [nil, 1_679_315_147])
        #expect(throws: SignedNote.VerificationFault.noKnownSignature) {
            try FakeSigning.note("text\n", stranger).verified(by: [log], FakeSigning.check)
        }
        note.signatures[1].bytes[20] ^= 1
        #expect(throws: SignedNote.VerificationFault.badSignature(name: "w")) {
            try note.verified(by: [log, witness], FakeSigning.check)
        }
    }

    @Test func `a cosigned message begins with its kind and time`() {
        let message = Cosignature.message("example.com/log\n1\nroot\n", unixSeconds: 1_679_315_147)
        #expect(message == Array("cosignature/v1\ntime 1679315147\nexample.com/log\n1\nroot\n".utf8))
    }

    @Test func `a cosignature's time is covered by it`() {
        let key = FakeSigning.key("w", .cosignature)
        var note = FakeSigning.note("text\n", key)
        note.signatures[0].bytes[7] ^= 1
        #expect(throws: SignedNote.VerificationFault.badSignature(name: "w")) {
            try note.verified(by: [key], FakeSigning.check)
        }
    }

    @Test func `a checkpoint is read as it was written, extension lines included`() {
        let text = "example.com/log\n42\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nmore\n"
        #expect(Checkpoint(parsing: text)?.text == text)
        #expect(Checkpoint(parsing: text)?.size == 42)
    }

    @Test(arguments: [
        "o\n1\n", "o\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "o\n+1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "o\n18446744073709551616\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n", "o\n1\n47DEQpj8\n",
        "o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "o\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n",
    ])
    func `what is no checkpoint is refused`(text: String) {
        #expect(Checkpoint(parsing: text) == nil)
    }

    @Test func `any byte string is refused or comes back as it was`() {
        var dice = SeededGenerator(seed: 20_261_126)
        let original = Array(Self.published.utf8)
        for _ in 0..<3_000 {
            var bytes = original
            for _ in 0...Int(dice.next() % 3) {
                let at = Int(dice.next() % UInt64(bytes.count))
                switch dice.next() % 3 {
                case 0: bytes[at] = UInt8(truncatingIfNeeded: dice.next())
                case 1: bytes.remove(at: at)
                default: bytes.insert([10, 32, 43, 0xE2][Int(dice.next() % 4)], at: at)
                }
            }
            if let note = try? SignedNote(parsing: bytes) { #expect(note.bytes == bytes) }
        }
    }
}
