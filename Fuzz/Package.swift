// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Isobar

import PackageDescription

/// Fuzzers of Core's parsers and translators. `Fuzz/run` builds this package with the sanitizers on; a plain `swift build` links no
/// fuzzer's main.
let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-parse-as-library"]),
]

func core(_ name: String) -> Target.Dependency { .product(name: name, package: "Core") }

func parserFuzzer(_ name: String, _ more: [Target.Dependency] = []) -> Target {
    .executableTarget(
        name: name, dependencies: ["FuzzSupport", core("WireFormats")] + more, swiftSettings: settings)
}

func wireFuzzer(_ name: String) -> Target {
    .executableTarget(
        name: name, dependencies: ["FuzzSupport", "WireChecks", core("ResourceTypes")], swiftSettings: settings)
}

let package = Package(
    name: "Fuzz",
    dependencies: [.package(path: "../Core")],
    targets: [
        .target(name: "CFuzzDriver"),
        .target(
            name: "FuzzSupport", dependencies: ["CFuzzDriver", core("WireFormats")], swiftSettings: settings),
        .target(
            name: "WireChecks",
            dependencies: [
                "CFuzzDriver", "FuzzSupport", core("CoreTestSupport"), core("ResourceTypes"), core("Translation"),
                core("WireFormats"),
            ],
            swiftSettings: settings),
        parserFuzzer("fuzz-http"),
        parserFuzzer("fuzz-sse"),
        parserFuzzer("fuzz-json"),
        parserFuzzer("fuzz-eventstream"),
        parserFuzzer("fuzz-multipart"),
        parserFuzzer("fuzz-signatures", [core("ResourceTypes"), core("Translation")]),
        parserFuzzer("fuzz-notes", [core("AuditLog")]),
        parserFuzzer("fuzz-tokens", [core("Access"), core("ResourceTypes")]),
        wireFuzzer("fuzz-chat"),
        wireFuzzer("fuzz-responses"),
        wireFuzzer("fuzz-messages"),
        wireFuzzer("fuzz-generatecontent"),
        wireFuzzer("fuzz-converse"),
    ]
)
