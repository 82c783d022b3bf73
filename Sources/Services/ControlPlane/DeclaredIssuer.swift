// SPDX-License-Identifier: Apache-2.0
// Isobar

public import Access
internal import ConfigurationFiles
public import ResourceTypes

/// An issuer of tokens and what its files hold.
public struct DeclaredIssuer: Sendable {
    public var issuer: TokenIssuer
    /// Of `keysFile`; `nil`: the issuer is asked.
    public var keys: JSONWebKeySet?
    /// Bytes of its files, to see a change.
    var contents: [[UInt8]]

    /// Reads the files; blocks.
    static func read(_ configuration: Configuration) -> (issuers: [DeclaredIssuer], problems: [ConfigurationProblem]) {
        var problems: [ConfigurationProblem] = []
        let issuers = configuration.resources.tokenIssuers.map { issuer in
            var declared = DeclaredIssuer(issuer: issuer, contents: [])
            func report(_ member: String, _ message: String) {
                problems.append(
                    configuration.sources.problem(
                        at: ResourceName(.tokenIssuer, issuer.name), "spec.\(member)", message))
            }
            func contents(_ path: String?, _ member: String, _ bytesMax: Int) -> [UInt8]? {
                guard let path else { return nil }
                do throws(BoundedFile.ReadError) {
                    return try BoundedFile.read(path, bytesMax: bytesMax)
                } catch {
                    report(member, "cannot read \(path): \(error)")
                    return nil
                }
            }
            if let bytes = contents(issuer.certificateAuthorityFile, "certificateAuthorityFile", ConfigurationLoader.authorityBytesMax) {
                declared.contents.append(bytes)
            }
            if let bytes = contents(issuer.keysFile, "keysFile", JSONWebKeySet.bytesMax) {
                declared.contents.append(bytes)
                do throws(JSONWebKeySet.Fault) {
                    declared.keys = try JSONWebKeySet(parsing: bytes)
                    if declared.keys?.keys.isEmpty == true { report("keysFile", "it has no key to sign with") }
                } catch { report("keysFile", "its keys are not believed: \(error)") }
            }
            return declared
        }
        return (issuers, problems)
    }
}
