// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Reads the envelope that all kinds share and adds the resource inside to `resources`.
///
/// A new kind is a case of `ResourceKind`, a shape in `Kinds/` and a line in `addSpec`.
struct DocumentDecoder {
    static let apiVersion = "isobar/v1"

    let context: DecodingContext
    /// The documents at hand are ours: those that the user has declared take their place.
    var isCatalog = false
    var resources = DeclaredResources()

    init(context: DecodingContext) { self.context = context }

    mutating func decode(_ document: YAMLDocument) {
        context.lineOffset = document.lineOffset
        context.resource = nil
        guard let fields = Fields(Cursor(document.root, path: "", context: context)) else { return }
        _ = fields.required("apiVersion", .constant(Self.apiVersion))
        let kind = fields.required("kind", .oneOf(ResourceKind.self))
        let name = fields.section("metadata", .object { $0.required("name", .name) })
        if isCatalog, let kind, let name, context.declared[ResourceName(kind, name)] != nil { return }
        if let kind, let name { context.declare(ResourceName(kind, name), at: fields.place(of: "metadata")) }
        if let kind {
            addSpec(of: kind, named: name, from: fields)
        } else {
            fields.ignore("spec")
        }
        fields.reportUnknown()
    }

    /// Without a good name the spec is still read, for its problems; the whole configuration is refused anyway.
    private mutating func addSpec(of kind: ResourceKind, named name: String?, from fields: Fields) {
        let name = name ?? ""
        switch kind {
        case .provider: add(fields.section("spec", .provider(named: name)), to: \.providers)
        case .region: add(fields.section("spec", .region(named: name)), to: \.regions)
        case .model: add(fields.section("spec", .model(named: name)), to: \.models)
        case .endpoint: add(fields.section("spec", .endpoint(named: name)), to: \.endpoints)
        case .route: add(fields.section("spec", .route(named: name)), to: \.routes)
        case .tenant: add(fields.section("spec", .tenant(named: name)), to: \.tenants)
        case .key: add(fields.section("spec", .key(named: name)), to: \.keys)
        case .roleBinding: add(fields.section("spec", .roleBinding(named: name)), to: \.roleBindings)
        case .tokenIssuer: add(fields.section("spec", .tokenIssuer(named: name)), to: \.tokenIssuers)
        case .policyBundle: add(fields.section("spec", .policyBundle(named: name)), to: \.policyBundles)
        case .jurisdictionUnion: add(fields.section("spec", .jurisdictionUnion(named: name)), to: \.jurisdictionUnions)
        case .residencyPolicy: add(fields.section("spec", .residencyPolicy(named: name)), to: \.residencyPolicies)
        case .transferMechanism: add(fields.section("spec", .transferMechanism(named: name)), to: \.transferMechanisms)
        case .budget: add(fields.section("spec", .budget(named: name)), to: \.budgets)
        case .placementRight: add(fields.section("spec", .placementRight(named: name)), to: \.placementRights)
        }
    }

    private mutating func add<Resource>(_ resource: Resource?, to list: WritableKeyPath<DeclaredResources, [Resource]>)
    {
        if let resource { resources[keyPath: list].append(resource) }
    }
}

extension Shape where Value == String {
    fileprivate static func constant(_ value: String) -> Shape {
        text(value) { $0 == value ? .value($0) : .refused(hint: "write \(value)") }
    }
}
