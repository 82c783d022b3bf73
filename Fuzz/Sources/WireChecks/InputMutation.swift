// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import CFuzzDriver
internal import CoreTestSupport
internal import WireFormats

// How libFuzzer changes an input for these targets: as a document, or as a list of events, most of the time; sometimes
// byte by byte, as it would do itself. libFuzzer finds both functions by their names.

@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ countMax: Int, _ seed: UInt32) -> Int {
    var mutation = InputMutation(seed: seed)
    let input = Array(UnsafeBufferPointer(start: data, count: count))
    guard let output = mutation.change(input, grafting: nil), output.count <= countMax else {
        return LLVMFuzzerMutate(data, count, countMax)
    }
    UnsafeMutableBufferPointer(start: data, count: output.count).baseAddress?.update(from: output, count: output.count)
    return output.count
}

@_cdecl("LLVMFuzzerCustomCrossOver")
public func cross(
    _ first: UnsafePointer<UInt8>, _ firstCount: Int, _ second: UnsafePointer<UInt8>, _ secondCount: Int,
    _ output: UnsafeMutablePointer<UInt8>, _ countMax: Int, _ seed: UInt32
) -> Int {
    var mutation = InputMutation(seed: seed)
    let crossed = mutation.change(
        Array(UnsafeBufferPointer(start: first, count: firstCount)),
        grafting: Array(UnsafeBufferPointer(start: second, count: secondCount)))
    guard let crossed, crossed.count <= countMax else { return 0 }
    output.update(from: crossed, count: crossed.count)
    return crossed.count
}

private struct InputMutation {
    private var choices: SeededGenerator

    init(seed: UInt32) { choices = SeededGenerator(seed: UInt64(seed)) }

    /// - Returns: `nil` where bytes should be changed instead.
    mutating func change(_ input: [UInt8], grafting graft: [UInt8]?) -> [UInt8]? {
        if choices.oneIn(8) { return nil }
        if let document = try? JSONValue(parsing: input) {
            return changed(document, graft.flatMap { try? JSONValue(parsing: $0) }).bytes
        }
        return changeEvents(input, graft.map(Self.events) ?? [])
    }

    private mutating func changed(_ document: JSONValue, _ graft: JSONValue?) -> JSONValue {
        var mutation = JSONMutation(choices: choices)
        defer { choices = mutation.choices }
        return mutation.change(document, grafting: graft)
    }

    // MARK: Streams

    private static func events(_ input: [UInt8]) -> [String] {
        let text = String(decoding: input, as: UTF8.self)
        return text.split(separator: "\n\n", omittingEmptySubsequences: true).map(String.init)
    }

    private mutating func changeEvents(_ input: [UInt8], _ others: [String]) -> [UInt8]? {
        var events = Self.events(input)
        guard !events.isEmpty else { return nil }
        let at = choices.below(events.count)
        switch choices.below(6) {
        case 0: events.remove(at: at)
        case 1: events.insert(events[at], at: choices.below(events.count))
        case 2: events.swapAt(at, choices.below(events.count))
        case 3 where !others.isEmpty: events.insert(choices.one(others), at: at)
        default: events[at] = changeData(of: events[at], others)
        }
        return Array((events.joined(separator: "\n\n") + "\n\n").utf8)
    }

    private mutating func changeData(of event: String, _ others: [String]) -> String {
        var lines = event.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let at = lines.firstIndex(where: { $0.hasPrefix("data: ") }), let data = Self.data(lines[at]) else {
            return event
        }
        let graft = others.isEmpty ? nil : Self.data(choices.one(others))
        lines[at] = "data: \(changed(data, graft).text)"
        return lines.joined(separator: "\n")
    }

    private static func data(_ line: String) -> JSONValue? {
        guard let start = line.firstRange(of: "data: ")?.upperBound else { return nil }
        return try? JSONValue(parsing: Array(line[start...].utf8))
    }
}
