// SPDX-License-Identifier: Apache-2.0
// Isobar

import ResourceTypes
import Testing

@testable import Simulation

/// The profiles against figures published for the same tables, through the whole model and not only the curves.
struct AcceleratorProfileTests {
    struct Reference: CustomTestStringConvertible {
        var profile: String
        /// Prompt tokens to milliseconds to the first token.
        var prefill: [(tokens: Int, milliseconds: Double)]
        /// Sequences in the batch to milliseconds per token.
        var decode: [(batch: Int, milliseconds: Double)]
        var testDescription: String { profile }
    }

    static let references = [
        Reference(
            profile: "llama2-70b-a100-tp8", prefill: [(512, 93), (2_048, 274), (4_096, 661)],
            decode: [(1, 45), (64, 72)]),
        Reference(
            profile: "llama2-70b-h100-tp8", prefill: [(512, 54), (2_048, 137), (4_096, 390)],
            decode: [(1, 31), (64, 50)]),
        Reference(
            profile: "bloom-176b-a100-tp8", prefill: [(512, 174), (2_048, 540), (4_096, 1_348)], decode: [(1, 49)]),
        Reference(profile: "bloom-176b-h100-tp8", prefill: [(512, 76), (2_048, 253), (4_096, 689)], decode: [(1, 36)]),
    ]

    @Test(arguments: references)
    func `time to first token on an idle server is the published one within 5 %`(_ reference: Reference) throws {
        let profile = try #require(AcceleratorProfile.named(reference.profile))
        for (tokens, expected) in reference.prefill {
            var harness = ModelServerHarness(profile: profile)
            harness.submit(1, prompt: tokens, output: 1)
            harness.drain()
            let measured = try #require(harness.firstToken(1)).nanoseconds
            #expect(abs(Double(measured) / 1e6 - expected) <= expected * 0.05, "\(tokens) tokens took \(measured) ns")
        }
    }

    @Test(arguments: references)
    func `time per output token of a batch is the published one within 5 %`(_ reference: Reference) throws {
        let profile = try #require(AcceleratorProfile.named(reference.profile))
        for (batch, expected) in reference.decode {
            var harness = ModelServerHarness(profile: profile)
            for id in 0..<UInt64(batch) { harness.submit(id, prompt: 16, output: 40) }
            harness.drain()
            let last = UInt64(batch - 1)
            let from = try #require(harness.time(of: .token(index: 10), last))
            let to = try #require(harness.time(of: .token(index: 30), last))
            let milliseconds = (to - from).milliseconds / 20
            #expect(abs(milliseconds - expected) <= expected * 0.05, "batch \(batch) took \(milliseconds) ms per token")
        }
    }

    @Test func `a prompt in two chunks costs what it costs whole where attention dominates, else two passes`() throws {
        for profile in AcceleratorProfile.measured {
            var harness = ModelServerHarness(profile: profile, limits: ModelServerLimits(tokensPerIterationMax: 2_048))
            harness.submit(1, prompt: 4_096, output: 1)
            harness.drain()
            let (half, whole) = (profile.prefill.duration(of: 2_048), profile.prefill.duration(of: 4_096))
            #expect(
                try #require(harness.firstToken(1)) - Instant(nanoseconds: 0) == max(whole, half + half),
                "\(profile.name)")
        }
    }

    @Test func `an iteration never gets cheaper by adding work`() {
        for profile in AcceleratorProfile.all {
            var previous = TimeSpan.zero
            for batch in 1...200 {
                var load = IterationLoad()
                for _ in 0..<batch { load.addDecode() }
                #expect(profile.iterationTime(load) >= previous)
                previous = profile.iterationTime(load)
                load.addPrefill(chunk: 16, context: 0, on: profile)
                #expect(profile.iterationTime(load) >= previous)
            }
        }
    }

    @Test func `an empty iteration takes no time`() {
        #expect(AcceleratorProfile.tiny.iterationTime(IterationLoad()) == .zero)
    }

    @Test func `names are unique and lead to their profile`() {
        #expect(Set(AcceleratorProfile.all.map(\.name)).count == AcceleratorProfile.all.count)
        for profile in AcceleratorProfile.all { #expect(AcceleratorProfile.named(profile.name) == profile) }
        #expect(AcceleratorProfile.named("a100") == nil)
    }

    @Test func `KV capacity is what the memory leaves beside the weights`() throws {
        // 8 × 80 GiB × 0.9 − 138 GB = 480.5 GB; 320 KiB per token makes 1.47 million tokens.
        let profile = try #require(AcceleratorProfile.named("llama2-70b-a100-tp8"))
        #expect((91_000...92_000).contains(profile.kvBlocks))
        for measured in AcceleratorProfile.measured { #expect(measured.kvBlocks > 2_000, "\(measured.name)") }
    }
}

struct DurationCurveTests {
    let curve = DurationCurve([
        (count: 10, microseconds: 100), (count: 20, microseconds: 200), (count: 40, microseconds: 300),
    ])

    @Test(arguments: [(0, 0), (1, 100), (10, 100), (15, 150), (20, 200), (30, 250), (40, 300), (60, 400)])
    func `flat below the first point, straight between points, last slope above`(_ count: Int, _ microseconds: Int64) {
        #expect(curve.duration(of: count) == .microseconds(microseconds))
    }
}
