// SPDX-License-Identifier: Apache-2.0
// Isobar

/// The laws that come with Isobar, as documents of the same kinds that users write: `Catalog/*.yaml`.
///
/// They are read whenever a `PolicyBundle` turns residency on. A document of the user's with the same kind and name takes
/// the place of ours.
public enum Catalog {
    public static let files: [ConfigurationReader.File] = [
        file("unions", PackageResources.unions_yaml), file("eu-gdpr", PackageResources.eu_gdpr_yaml),
        file("in-rbi-2018", PackageResources.in_rbi_2018_yaml), file("in-dpdp", PackageResources.in_dpdp_yaml),
    ]

    private static func file(_ name: String, _ bytes: [UInt8]) -> ConfigurationReader.File {
        ConfigurationReader.File(path: "catalog:\(name).yaml", bytes: bytes)
    }
}
