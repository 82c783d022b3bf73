// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Isobar

import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// For the two targets of the hot path, in release only: debug builds and tests keep the run-time check, and what it
/// would find is a bug there already. It costs a call and a thread-local access per stored property that some method
/// changes in place.
let hotPath: [SwiftSetting] =
    strict + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

func core(_ name: String) -> Target.Dependency { .product(name: name, package: "Core") }

/// `room` is the folder: Adapters touch the world, Services run, CLI assembles. Arrows are checked by
/// scripts/check-arrows.
func module(
    _ name: String, in room: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting] = strict,
    resources: [Resource] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/\(room)/\(name)", resources: resources,
        swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies + [.byName(name: name)], swiftSettings: strict)
}

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
    name: "isobar",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "isobar", targets: ["isobar"]),
        .library(name: "Reactor", targets: ["Reactor"]),
    ],
    dependencies: [
        .package(path: "Core"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(name: "CSystem", path: "Sources/Adapters/CSystem"),
        .systemLibrary(
            name: "COpenSSL", path: "Sources/Adapters/COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(
            name: "CSQLite", path: "Sources/Adapters/CSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]),
        module("SQLiteFile", in: "Adapters", ["CSQLite"]),
        module("BudgetStore", in: "Adapters", [core("Budgets"), "SQLiteFile", "Reactor", log]),
        module("Reactor", in: "Adapters", ["CSystem", "COpenSSL"], settings: hotPath),
        module("Telemetry", in: "Adapters", [log]),
        module("PlainHTTP", in: "Adapters", ["Reactor", core("WireFormats")]),
        module(
            "ConfigurationFiles", in: "Adapters",
            [
                core("ResourceTypes"), core("Access"), core("Policy"), core("Pricing"), core("Budgets"),
                .product(name: "Yams", package: "Yams"),
            ],
            // The laws that come with Isobar: in the program, so that it needs no folder beside it.
            resources: ["unions", "eu-gdpr", "in-rbi-2018", "in-dpdp"].map { .embedInCode("Catalog/\($0).yaml") }),
        module(
            "LiteLLMConfiguration", in: "Adapters", [core("ResourceTypes"), core("Pricing"), "ConfigurationFiles"]),
        module(
            "CloudCredentials", in: "Adapters",
            [core("ResourceTypes"), core("WireFormats"), "Reactor", "PlainHTTP", "COpenSSL", log]),
        module(
            "AuditTrail", in: "Adapters",
            [core("AuditLog"), core("WireFormats"), "SQLiteFile", "PlainHTTP", "Reactor", "CSystem", "COpenSSL", log]),
        module(
            "Identity", in: "Adapters",
            [
                core("ResourceTypes"), core("WireFormats"), core("Access"), core("Routing"), "COpenSSL", "Reactor",
                "PlainHTTP", log,
            ],
            settings: hotPath),
        module(
            "ControlPlane", in: "Services",
            [
                core("ResourceTypes"), core("Access"), core("AuditLog"), core("Policy"), core("Budgets"),
                core("Routing"), "ConfigurationFiles",
            ]),
        module(
            "Gateway", in: "Services",
            [
                core("ResourceTypes"), core("WireFormats"), core("Translation"), core("Policy"), core("Routing"),
                core("Pricing"), core("AuditLog"), core("Budgets"), core("Access"),
                "Reactor", "PlainHTTP", "CloudCredentials", "Identity", "AuditTrail", "BudgetStore", "Telemetry",
            ],
            settings: hotPath),
        module(
            "Doctor", in: "Services",
            [core("ResourceTypes"), core("WireFormats"), core("Routing"), "Reactor", "PlainHTTP"]),
        module(
            "ModelServer", in: "Services",
            [core("ResourceTypes"), core("WireFormats"), core("Simulation"), "Reactor", "PlainHTTP"]),
        .executableTarget(
            name: "isobar",
            dependencies: [
                "CloudCredentials", "Gateway", "ControlPlane", "ModelServer", "Doctor", "ConfigurationFiles",
                "LiteLLMConfiguration",
                "Identity",
                "PlainHTTP", "Reactor", "Telemetry", "AuditTrail", "BudgetStore",
                core("ResourceTypes"), core("Policy"), core("Routing"), core("Pricing"), core("Simulation"),
                core("AuditLog"), core("Budgets"), core("Access"),
                core("WireFormats"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/CLI", swiftSettings: strict),
        tests("Reactor", ["TestSupport", core("CoreTestSupport")]),
        tests(
            "Gateway",
            [
                "Reactor", "PlainHTTP", "CloudCredentials", "TestSupport", core("ResourceTypes"), core("Policy"),
                core("Routing"),
                core("WireFormats"),
            ]),
        .target(name: "TestSupport", dependencies: ["Reactor"], path: "Sources/TestSupport", swiftSettings: strict),
        tests("PlainHTTP", ["Reactor", "TestSupport", core("WireFormats")]),
        tests("ModelServer", ["Reactor", "TestSupport", core("Simulation"), core("WireFormats")]),
        tests("ConfigurationFiles", [core("ResourceTypes"), core("Policy")]),
        tests("LiteLLMConfiguration", [core("ResourceTypes"), core("Routing"), "ConfigurationFiles", "ControlPlane"]),
        tests("ControlPlane", [core("ResourceTypes"), core("AuditLog"), core("Policy"), core("Routing"), "ConfigurationFiles"]),
        tests("Doctor", [core("ResourceTypes"), core("Routing"), core("WireFormats")]),
        tests("AuditTrail", [core("AuditLog"), log]),
        tests("BudgetStore", [core("Budgets"), "SQLiteFile"]),
        tests("Telemetry", [log]),
        tests(
            "CloudCredentials",
            [
                "Reactor", "PlainHTTP", "COpenSSL", "TestSupport", core("CoreTestSupport"), core("ResourceTypes"),
                core("WireFormats"), log,
            ]),
        tests(
            "Identity",
            [
                "PlainHTTP", "Reactor", core("CoreTestSupport"), core("ResourceTypes"), core("WireFormats"),
                core("Access"), core("Routing"), log,
            ]),
    ]
)
