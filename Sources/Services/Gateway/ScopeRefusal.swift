// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ResourceTypes

/// Which scope of the caller's key does not reach as far as its request.
enum ScopeRefusal {
    /// What was asked for, and what is allowed.
    case action(CallerAction, [CallerAction])
    case models([String])
    case regions([String])
    /// Each by itself would leave something.
    case modelsInRegions([String], [String])

    var answer: Refusal.Answer {
        Refusal.Answer(
            status: 403, type: "permission_error", code: "scope_denied", parameter: nil,
            message: "This key may not do that: \(reason).")
    }

    private var reason: String {
        switch self {
        case .action(let asked, let allowed):
            "its scope `actions` is \(Self.list(allowed.map(\.rawValue))), and this is `\(asked.rawValue)`"
        case .models(let names): "its scope `models` is \(Self.list(names)), and none of them serves this model name"
        case .regions(let names): "its scope `regions` is \(Self.list(names)), and none of them serves this model name"
        case .modelsInRegions(let models, let regions):
            "its scopes `models` (\(Self.list(models))) and `regions` (\(Self.list(regions))) leave no endpoint of this "
                + "model name"
        }
    }

    private static func list(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }
}
