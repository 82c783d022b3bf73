// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Isobar

import PackageDescription

/// Core decides: values in, values out. No dependency, no I/O, no clock, no Foundation. Tests run in seconds: `make
/// core`.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// For what runs once or more per request, in release only: debug builds and tests keep the run-time check for
/// overlapping accesses. It takes 40 % of a translation's instructions (docs/decisions/0004-hot-path-settings.md).
let hotPath: [SwiftSetting] =
    strict + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

/// For what tests ask millions of questions of: optimised in debug builds too, with all checks left in.
let exhaustive: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = strict) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting] = strict) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies + [.byName(name: name)], swiftSettings: settings)
}

let package = Package(
    name: "Core",
    products: [
        .library(name: "ResourceTypes", targets: ["ResourceTypes"]),
        .library(name: "WireFormats", targets: ["WireFormats"]),
        .library(name: "Translation", targets: ["Translation"]),
        .library(name: "Policy", targets: ["Policy"]),
        .library(name: "Pricing", targets: ["Pricing"]),
        .library(name: "Budgets", targets: ["Budgets"]),
        .library(name: "Routing", targets: ["Routing"]),
        .library(name: "Simulation", targets: ["Simulation"]),
        .library(name: "AuditLog", targets: ["AuditLog"]),
        .library(name: "Access", targets: ["Access"]),
        // For tests here and outside only.
        .library(name: "CoreTestSupport", targets: ["CoreTestSupport"]),
    ],
    targets: [
        .target(name: "CByteScan"),
        module("ResourceTypes"),
        module("WireFormats", ["CByteScan"], settings: hotPath),
        module("Translation", ["ResourceTypes", "WireFormats"], settings: hotPath),
        module("Policy", ["ResourceTypes"], settings: exhaustive),
        module("Pricing", ["ResourceTypes"]),
        module("Budgets", settings: hotPath),
        module("Routing", ["ResourceTypes"], settings: exhaustive),
        module("Simulation", ["ResourceTypes"]),
        module("AuditLog", ["WireFormats"]),
        module("Access", ["ResourceTypes", "WireFormats"]),
        tests("ResourceTypes", []),
        .target(name: "CoreTestSupport", path: "Tests/CoreTestSupport", swiftSettings: strict),
        tests("WireFormats", ["CoreTestSupport"]),
        tests("Translation", ["CoreTestSupport", "WireFormats"]),
        tests("Policy", ["CoreTestSupport", "ResourceTypes", "Routing"], settings: exhaustive),
        tests("Pricing", ["ResourceTypes"]),
        tests("Budgets", ["CoreTestSupport"]),
        tests("Routing", ["ResourceTypes"]),
        tests("Simulation", ["ResourceTypes"]),
        tests("AuditLog", ["CoreTestSupport", "WireFormats"]),
        tests("Access", ["CoreTestSupport", "ResourceTypes", "WireFormats"]),
    ]
)
