// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The places of `isobar up`: what a small company that serves India from several clouds might have.
///
/// Prices are illustrations, chosen so that objectives have something to decide; round trips follow public inter-region
/// measurements rounded to 10 ms (Azure East US – AWS us-east-1 – Google us-central1 – Mumbai).
struct DemoRegion {
    var provider: String
    var region: String
    var jurisdiction: String
    /// USD per million tokens.
    var inputPrice: String
    var outputPrice: String
    var inFlightMax: Int
    /// Milliseconds to the regions before this one in `all`.
    var roundTrips: [Int]

    static let all = [
        DemoRegion(
            provider: "azure", region: "azure-eastus", jurisdiction: "US", inputPrice: "0.15", outputPrice: "0.60",
            inFlightMax: 4,
            roundTrips: []),
        DemoRegion(
            provider: "aws", region: "aws-us-east-1", jurisdiction: "US", inputPrice: "0.16", outputPrice: "0.64",
            inFlightMax: 4,
            roundTrips: [10]),
        DemoRegion(
            provider: "gcp", region: "gcp-us-central1", jurisdiction: "US", inputPrice: "0.14", outputPrice: "0.58",
            inFlightMax: 4,
            roundTrips: [30, 40]),
        DemoRegion(
            provider: "sovereign", region: "sovereign-mumbai", jurisdiction: "IN", inputPrice: "0.20",
            outputPrice: "0.70", inFlightMax: 4,
            roundTrips: [210, 200, 230]),
        DemoRegion(
            provider: "edge", region: "edge-pune", jurisdiction: "IN", inputPrice: "0.05", outputPrice: "0.10",
            inFlightMax: 2,
            roundTrips: [220, 210, 240, 10]),
    ]
}
