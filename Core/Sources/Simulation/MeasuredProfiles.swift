// SPDX-License-Identifier: Apache-2.0
// Isobar

// Measured accelerators as facts. Read 2026-11.
//
// llama2-70b and bloom-176b: Splitwise (Patel et al., ISCA 2024), Mutinifni/splitwise-sim data/perf_model.csv
// @8f99e7dc, MIT. llama-3.1-8b and llama-3.2-3b: SageServe (arXiv 2502.14617), shashwatj07/SageServe data/ @0b95ca2d,
// MIT. Every point is the median of five or more repeats: prefill at batch 1, decode at 512 prompt tokens. SageServe
// records seconds and the whole decode of n tokens, so its points are time ÷ (n − 1). A dip (fewer tokens slower than
// more) is measuring noise and is replaced by the smaller later value, because a curve must not fall. Batched prefill
// is not used: those rows measured an engine without chunking.

extension AcceleratorProfile {
    /// Profile by its name; `nil` when there is none.
    public static func named(_ name: String) -> AcceleratorProfile? { all.first { $0.name == name } }

    /// Every built-in profile, the made-up `tiny` first.
    public static let all: [AcceleratorProfile] = [tiny] + measured

    /// Not a measurement: about 2 ms to the first token and 1 ms per token, so that tests and demonstrations are quick.
    public static let tiny = AcceleratorProfile(
        name: "tiny",
        prefill: DurationCurve([(256, 2_000), (2_048, 4_000), (8_192, 16_000)]),
        decode: DurationCurve([(1, 1_000), (64, 2_000)]),
        kvBlocks: 4_096)

    static let measured: [AcceleratorProfile] = [
        AcceleratorProfile(
            name: "llama2-70b-a100-tp8", .llama2With70B, accelerators: 8,
            prefill: [
                (128, 65_347), (256, 66_757), (512, 93_016), (1024, 154_458), (2048, 274_222), (4096, 661_222),
                (8192, 1_549_820),
            ],
            decode: [(1, 44_559), (2, 44_559), (4, 45_792), (8, 46_465), (16, 50_435), (32, 53_017), (64, 71_605)]),
        AcceleratorProfile(
            name: "llama2-70b-a100-tp4", .llama2With70B, accelerators: 4,
            prefill: [
                (128, 63_654), (256, 78_571), (512, 126_971), (1024, 227_083), (2048, 403_334), (4096, 965_150),
                (8192, 2_278_451),
            ],
            decode: [(1, 44_515), (2, 45_005), (4, 45_085), (8, 45_799), (16, 48_518), (32, 52_345), (64, 72_947)]),
        AcceleratorProfile(
            name: "llama2-70b-h100-tp8", .llama2With70B, accelerators: 8,
            prefill: [
                (128, 51_659), (256, 51_659), (512, 53_858), (1024, 77_913), (2048, 136_797), (4096, 390_291),
                (8192, 844_885),
            ],
            decode: [(1, 30_262), (2, 30_262), (4, 31_786), (8, 32_504), (16, 34_166), (32, 38_619), (64, 50_161)]),
        AcceleratorProfile(
            name: "llama2-70b-h100-tp4", .llama2With70B, accelerators: 4,
            prefill: [
                (128, 49_086), (256, 50_977), (512, 59_717), (1024, 105_612), (2048, 200_681), (4096, 463_455),
                (8192, 953_582),
            ],
            decode: [(1, 29_380), (2, 29_921), (4, 29_921), (8, 31_436), (16, 32_843), (32, 36_885), (64, 52_356)]),
        AcceleratorProfile(
            name: "bloom-176b-a100-tp8", .bloomWith176B, accelerators: 8,
            prefill: [
                (128, 79_668), (256, 99_164), (512, 174_382), (1024, 289_191), (2048, 540_412), (4096, 1_348_173),
                (8192, 3_593_167),
            ],
            decode: [(1, 49_313), (2, 49_991), (4, 51_004), (8, 52_953), (16, 57_341), (32, 65_380), (64, 96_583)]),
        AcceleratorProfile(
            name: "bloom-176b-h100-tp8", .bloomWith176B, accelerators: 8,
            prefill: [
                (128, 48_284), (256, 51_179), (512, 76_142), (1024, 132_618), (2048, 253_113), (4096, 688_695),
                (8192, 1_535_395),
            ],
            decode: [(1, 36_166), (2, 36_912), (4, 38_058), (8, 38_142), (16, 40_640), (32, 45_842), (64, 63_821)]),
        AcceleratorProfile(
            name: "llama-3.1-8b-a100-tp2", .llama31With8B, accelerators: 2,
            prefill: [
                (128, 22_691), (256, 22_691), (512, 28_610), (1024, 54_394), (2048, 130_531), (4096, 234_240),
                (8192, 542_172),
            ],
            decode: [(1, 8_539), (2, 8_826), (4, 9_384), (8, 10_289), (16, 12_342), (32, 16_181)]),
        AcceleratorProfile(
            name: "llama-3.1-8b-a100-tp4", .llama31With8B, accelerators: 4,
            prefill: [
                (128, 28_707), (256, 28_707), (512, 41_481), (1024, 77_693), (2048, 176_687), (4096, 309_126),
                (8192, 683_315),
            ],
            decode: [(1, 7_165), (2, 7_400), (4, 8_193), (8, 9_981), (16, 13_546), (32, 20_288)]),
        AcceleratorProfile(
            name: "llama-3.2-3b-a100-tp2", .llama32With3B, accelerators: 2,
            prefill: [
                (128, 20_535), (256, 20_535), (512, 20_738), (1024, 36_913), (2048, 89_518), (4096, 144_196),
                (8192, 314_428),
            ],
            decode: [(1, 5_424), (2, 5_665), (4, 6_073), (8, 7_146), (16, 8_600), (32, 11_205)]),
        AcceleratorProfile(
            name: "llama-3.2-3b-a100-tp4", .llama32With3B, accelerators: 4,
            prefill: [
                (128, 27_358), (256, 27_777), (512, 28_417), (1024, 52_463), (2048, 119_612), (4096, 196_233),
                (8192, 448_612),
            ],
            decode: [(1, 5_526), (2, 5_789), (4, 6_418), (8, 7_566), (16, 9_905), (32, 14_133)]),
    ]

    /// - Parameter accelerators: devices of 80 GiB; a tenth of each is left to activations (vLLM's default), the rest
    /// holds weights, then KV blocks.
    private init(
        name: String, _ weights: ModelFootprint, accelerators: Int,
        prefill: [(count: Int, microseconds: Int64)], decode: [(count: Int, microseconds: Int64)]
    ) {
        let usableBytes = accelerators * (80 << 30) / 10 * 9
        self.init(
            name: name, prefill: DurationCurve(prefill), decode: DurationCurve(decode),
            kvBlocks: (usableBytes - weights.weightBytes) / (weights.kvBytesPerToken * KVBlockCache.tokensPerBlock))
    }
}

/// Memory a model takes in 16-bit precision.
///
/// KV bytes per token = 2 (key and value) × layers × KV heads × head size × 2 bytes, from each model's published
/// configuration.
private struct ModelFootprint {
    var weightBytes: Int
    var kvBytesPerToken: Int

    static let llama2With70B = Self(weightBytes: 138_000_000_000, kvBytesPerToken: 2 * 80 * 8 * 128 * 2)
    static let bloomWith176B = Self(weightBytes: 352_500_000_000, kvBytesPerToken: 2 * 70 * 112 * 128 * 2)
    static let llama31With8B = Self(weightBytes: 16_100_000_000, kvBytesPerToken: 2 * 32 * 8 * 128 * 2)
    static let llama32With3B = Self(weightBytes: 6_400_000_000, kvBytesPerToken: 2 * 28 * 8 * 128 * 2)
}
