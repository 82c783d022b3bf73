// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// What an import gives: documents, and what their owner should know.
public struct ImportedConfiguration: Sendable {
    var providers: [Provider] = []
    var regions: [Region] = []
    var models: [Model] = []
    var endpoints: [ImportedEndpoint] = []
    var routes: [Route] = []
    var tenants: [Tenant] = []
    var keys: [Key] = []
    /// In the order of the file.
    public internal(set) var findings: [ImportFinding] = []

    public var routeCount: Int { routes.count }
    public var endpointCount: Int { endpoints.count }

    /// Several YAML documents, as the configuration reader takes them.
    public var text: String { DocumentText.text(of: self) }
}

/// An Endpoint on its way to a document: only what was stated.
struct ImportedEndpoint: Sendable {
    var name: String
    var region: String
    var url: String
    var apiVersion: String?
    var credential: ImportedCredential?
    var serves: [ServedModel]
    var limits: EndpointLimits
    var firstByte: TimeSpan?
    var idle: TimeSpan?
}
