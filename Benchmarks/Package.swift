// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Isobar

import PackageDescription

/// Measures gateways from outside. It shares no code with the gateway, so that a mistake there cannot hide itself here.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "Benchmarks",
    products: [
        .executable(name: "bench-upstream", targets: ["bench-upstream"]),
        .executable(name: "bench-load", targets: ["bench-load"]),
    ],
    targets: [
        .target(name: "CEpoll"),
        .target(name: "Loopback", dependencies: ["CEpoll"], swiftSettings: strict),
        .executableTarget(
            name: "bench-upstream", dependencies: ["Loopback"], path: "Sources/Upstream", swiftSettings: strict),
        .executableTarget(name: "bench-load", dependencies: ["Loopback"], path: "Sources/Load", swiftSettings: strict),
        .testTarget(name: "LoopbackTests", dependencies: ["Loopback"], swiftSettings: strict),
        .testTarget(name: "UpstreamTests", dependencies: ["bench-upstream", "Loopback"], swiftSettings: strict),
        .testTarget(name: "LoadTests", dependencies: ["bench-load", "Loopback"], swiftSettings: strict),
    ]
)
