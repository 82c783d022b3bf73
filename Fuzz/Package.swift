// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Isobar

import PackageDescription

/// Fuzzers of Core's parsers. `Fuzz/run` builds this package with the sanitizers on; a plain `swift build` links no
/// fuzzer's main.
let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-parse-as-library"]),
]

func fuzzer(_ name: String, _ more: [Target.Dependency] = []) -> Target {
    .executableTarget(
        name: name, dependencies: ["FuzzSupport", .product(name: "WireFormats", package: "Core")] + more,
        swiftSettings: settings)
}

let package = Package(
    name: "Fuzz",
    dependencies: [.package(path: "../Core")],
    targets: [
        .target(name: "CFuzzDriver"),
        .target(
            name: "FuzzSupport", dependencies: ["CFuzzDriver", .product(name: "WireFormats", package: "Core")],
            swiftSettings: settings),
        fuzzer("fuzz-http"),
        fuzzer("fuzz-sse"),
        fuzzer("fuzz-json"),
        fuzzer("fuzz-eventstream"),
        fuzzer(
            "fuzz-signatures",
            [.product(name: "ResourceTypes", package: "Core"), .product(name: "Translation", package: "Core")]),
        fuzzer("fuzz-multipart"),
    ]
)
