// SPDX-License-Identifier: Apache-2.0
// Isobar

/// Countries that clouds' region names stand for.
///
/// Source: the vendors' lists of regions (read 2026-11). A region that is not here is unknown, never guessed.
enum Jurisdictions {
    /// ISO 3166-1 reserves it for private use: no rule that names a country ever holds for it.
    static let unknown = "ZZ"

    static func aws(_ region: String) -> String {
        if region.hasPrefix("us-") { return "US" }
        return awsRegions[region] ?? unknown
    }

    static func google(_ region: String) -> String {
        if region.hasPrefix("us-") { return "US" }
        return googleRegions[region] ?? unknown
    }

    private static let awsRegions = [
        "ca-central-1": "CA", "ca-west-1": "CA", "mx-central-1": "MX", "sa-east-1": "BR",
        "eu-west-1": "IE", "eu-west-2": "GB", "eu-west-3": "FR", "eu-central-1": "DE", "eu-central-2": "CH",
        "eu-north-1": "SE", "eu-south-1": "IT", "eu-south-2": "ES", "eusc-de-east-1": "DE",
        "me-south-1": "BH", "me-central-1": "AE", "il-central-1": "IL", "af-south-1": "ZA",
        "ap-south-1": "IN", "ap-south-2": "IN", "ap-southeast-1": "SG", "ap-southeast-2": "AU",
        "ap-southeast-3": "ID", "ap-southeast-4": "AU", "ap-southeast-5": "MY", "ap-southeast-6": "NZ",
        "ap-southeast-7": "TH", "ap-northeast-1": "JP", "ap-northeast-2": "KR", "ap-northeast-3": "JP",
        "ap-east-1": "HK", "ap-east-2": "TW", "cn-north-1": "CN", "cn-northwest-1": "CN",
    ]

    private static let googleRegions = [
        "africa-south1": "ZA", "asia-east1": "TW", "asia-east2": "HK", "asia-northeast1": "JP",
        "asia-northeast2": "JP", "asia-northeast3": "KR", "asia-south1": "IN", "asia-south2": "IN",
        "asia-southeast1": "SG", "asia-southeast2": "ID", "australia-southeast1": "AU", "australia-southeast2": "AU",
        "europe-central2": "PL", "europe-north1": "FI", "europe-southwest1": "ES", "europe-west1": "BE",
        "europe-west2": "GB", "europe-west3": "DE", "europe-west4": "NL", "europe-west6": "CH", "europe-west8": "IT",
        "europe-west9": "FR", "europe-west10": "DE", "europe-west12": "IT", "me-west1": "IL", "me-central1": "QA",
        "me-central2": "SA", "northamerica-northeast1": "CA", "northamerica-northeast2": "CA",
        "southamerica-east1": "BR", "southamerica-west1": "CL",
    ]
}
