// SPDX-License-Identifier: Apache-2.0
// Isobar

import AuditLog
import AuditTrail
import Testing

@Suite struct NoteSignerTests {
    @Test func `the specification's note verifies, and one changed byte does not`() throws {
        let key = try VerifierKey(
            parsing: "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", by: OpenSSLHash.self)
        let line =
            "\u{2014} example.com/foo "
            + "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
        let note = try SignedNote(parsing: Array("This is an example message.\n\n\(line)".utf8))
        #expect(try note.verified(by: [key], Ed25519.check).map(\.key) == [key])
        let other = try SignedNote(parsing: Array("This is an example massage.\n\n\(line)".utf8))
        #expect(throws: SignedNote.VerificationFault.badSignature(name: "example.com/foo")) {
            try other.verified(by: [key], Ed25519.check)
        }
    }

    @Test func `a key's text gives the key again, and a changed one none`() throws {
        let text = try #require(NoteSigner.newText(name: "example.com/log"))
        let signer = try #require(NoteSigner(parsing: text))
        let note = signer.sign(Checkpoint(origin: "example.com/log", size: 0, root: OpenSSLHash.emptyRoot))
        #expect(throws: Never.self) { try note.verified(by: [signer.key], Ed25519.check) }
        #expect(NoteSigner(parsing: text.replacing("example.com/log", with: "example.com/lag")) == nil)
        #expect(NoteSigner(parsing: String(text.dropLast(4))) == nil)
        #expect(NoteSigner.newText(name: "no spaces") == nil)
    }

    @Test func `hashes are SHA-256`() {
        #expect(
            OpenSSLHash.emptyRoot.hexadecimal == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}
