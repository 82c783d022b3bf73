// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Simulation

/// What one reference model server is: its address, its name for the model, its hardware and how fast its clock runs.
public struct ModelServerConfiguration: Sendable {
    /// Literal address to listen on, e.g. `127.0.0.1`.
    public var host: String
    /// 0 lets the kernel choose.
    public var port: UInt16
    /// The only value of `model` that requests may carry.
    public var modelName: String
    public var profile: AcceleratorProfile
    /// Requests that may wait for a place in the batch; one more is answered 503.
    public var queueMax: Int
    /// Replaces the profile's KV capacity, in blocks of 16 tokens. `nil` keeps it.
    public var kvBlocks: Int?
    /// Longest prompt plus answer, in tokens.
    public var contextTokensMax: Int
    /// Seeds answers, iteration jitter and chances of faults.
    public var seed: UInt64
    /// Model seconds per wall-clock second; 2 answers twice as fast as the profile. Above 0, at most `speedMax`.
    public var speed: Double

    public static let speedMax = 10_000.0

    public init(
        host: String = "127.0.0.1", port: UInt16 = 0, modelName: String, profile: AcceleratorProfile = .tiny,
        queueMax: Int = 1_024,
        kvBlocks: Int? = nil, contextTokensMax: Int = 32_768, seed: UInt64 = 1, speed: Double = 1
    ) {
        self.host = host
        self.port = port
        self.modelName = modelName
        self.profile = profile
        self.queueMax = queueMax
        self.kvBlocks = kvBlocks
        self.contextTokensMax = contextTokensMax
        self.seed = seed
        self.speed = speed
    }

    /// The first thing that is wrong, in words for whoever wrote the configuration; `nil` when all is well.
    var problem: String? {
        if modelName.isEmpty { return "the model name is empty" }
        if queueMax < 1 { return "queueMax is \(queueMax); at least 1 is needed" }
        if let kvBlocks, !(1...Self.kvBlocksMax).contains(kvBlocks) {
            return "kvBlocks is \(kvBlocks); allowed are 1 to \(Self.kvBlocksMax)"
        }
        if contextTokensMax < 2 { return "contextTokensMax is \(contextTokensMax); at least 2 are needed" }
        if !(speed > 0 && speed <= Self.speedMax) {
            return "speed is \(speed); allowed is above 0 up to \(Self.speedMax)"
        }
        return nil
    }

    private static let kvBlocksMax = 1 << 24
}

/// Why a model server could not start.
public struct ModelServerStartFailure: Error, CustomStringConvertible, Sendable {
    public let description: String
}
