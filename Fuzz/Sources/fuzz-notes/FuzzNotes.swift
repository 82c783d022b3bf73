// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import AuditLog
internal import FuzzSupport

// Properties: whatever of an audit log's texts and files is accepted is written again byte for byte, so that two readers
// cannot mean two things by it; and what a write-ahead file gives lies inside of it.
//
// The first byte chooses the reader.

@main enum FuzzNotes {
    static func main() { Fuzz.run { data, count in testOneInput(data, count) } }
}

/// Not a hash: every key's id is zero here, so that a fuzzer can write keys.
private enum NoHash: TreeHash {
    static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest { Digest() }
}

private func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: data, count: count))
    guard let choice = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    switch choice {
    case UInt8(ascii: "n"): checkNote(bytes)
    case UInt8(ascii: "c"): checkCheckpoint(bytes)
    case UInt8(ascii: "p"): checkProof(bytes)
    case UInt8(ascii: "w"): checkWitnessRequest(bytes)
    case UInt8(ascii: "t"): checkPolicy(bytes)
    case UInt8(ascii: "s"): checkState(bytes)
    case UInt8(ascii: "l"): checkWriteAhead(bytes)
    case UInt8(ascii: "b"): checkBundle(bytes)
    default: checkPath(bytes)
    }
    return 0
}

private func checkNote(_ bytes: [UInt8]) {
    guard let note = try? SignedNote(parsing: bytes) else { return }
    Fuzz.check(note.bytes == bytes, "an accepted note is written again as it was")
    Fuzz.check(!note.signatures.isEmpty && note.text.utf8.last == 10, "a note has a text and a signature")
}

private func checkCheckpoint(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let checkpoint = Checkpoint(parsing: text) else { return }
    Fuzz.check(text.hasPrefix(checkpoint.text), "a checkpoint's lines are written again as they were")
}

private func checkProof(_ bytes: [UInt8]) {
    guard let proof = ProofFile(parsing: bytes) else { return }
    Fuzz.check(proof.bytes == bytes, "an accepted proof is written again as it was")
    _ = InclusionProof.isValid(
        proof.proof, leaf: Digest(), index: proof.index, size: proof.index, root: Digest(), by: NoHash.self)
}

private func checkWitnessRequest(_ bytes: [UInt8]) {
    guard let request = WitnessRequest(parsing: bytes) else { return }
    Fuzz.check(request.bytes == bytes, "an accepted request is written again as it was")
    let answer = WitnessDecision.answer(
        to: bytes, logs: [], cosigned: { _ in nil }, by: NoHash.self, { _, _, _ in true })
    Fuzz.check(answer == .unknownOrigin || answer == .malformed, "a witness of no log cosigns nothing")
}

private func checkPolicy(_ bytes: [UInt8]) {
    guard let policy = try? TrustPolicy(parsing: bytes, by: NoHash.self) else { return }
    Fuzz.check(!policy.logs.isEmpty, "a policy trusts a log")
    let names = Set(policy.witnesses.map(\.name) + policy.groups.map(\.name))
    Fuzz.check(policy.quorum.map { names.contains($0) } ?? true, "a quorum is a name of the policy")
    Fuzz.check(policy.isMet(by: Set(policy.witnesses.map(\.name))), "all witnesses are enough")
    Fuzz.check(policy.quorum == nil || !policy.isMet(by: []), "nobody is not")
}

private func checkState(_ bytes: [UInt8]) {
    guard let state = TreeState(parsing: bytes) else { return }
    Fuzz.check(state.bytes == bytes && state.sweepFrom <= state.size, "an accepted state is written again as it was")
}

private func checkWriteAhead(_ bytes: [UInt8]) {
    let records = bytes.withUnsafeBytes { WriteAheadRecord.records(in: $0) }
    var end = 0
    for record in records {
        Fuzz.check(record.entry.lowerBound == end + WriteAheadRecord.headBytes, "records follow each other")
        Fuzz.check(record.entry.upperBound <= bytes.count, "a record lies inside its file")
        end = record.entry.upperBound
    }
    _ = try? Recovery.entries(beyond: records.first?.sequence ?? 0, in: [bytes])
}

private func checkBundle(_ bytes: [UInt8]) {
    for count in [1, 2, 256] {
        guard let ranges = EntryBundle.ranges(bytes, count: count) else { continue }
        var again: [UInt8] = []
        for range in ranges { bytes[range].withUnsafeBytes { EntryBundle.append($0, to: &again) } }
        Fuzz.check(again == bytes && ranges.count == count, "an accepted bundle is written again as it was")
    }
}

private func checkPath(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    if let tile = TileAddress(path: text) { Fuzz.check(tile.path == text, "a path names one tile, a tile has one path") }
    if let key = try? VerifierKey(parsing: text, by: NoHash.self) {
        Fuzz.check((try? VerifierKey(parsing: key.text, by: NoHash.self)) == key, "a key is read as it was written")
    }
    if let segment = WriteAheadSegment(name: text) { Fuzz.check(segment.name == text, "a file has one name") }
}
