// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import ConfigurationFiles
internal import ResourceTypes

extension DeploymentReader {
    /// Prices stated for the deployment, exactly or not at all.
    ///
    /// The proxy states them per token, `0.00000015` or `1.5e-07`; 10⁻¹² is the finest that is held exactly. Ours have
    /// both sides, so embeddings without an output price get zero, and anything else without one stays unpriced.
    func prices() -> TokenPrices? {
        let input = price("input_cost_per_token")
        let output = price("output_cost_per_token")
        let cached = price("cache_read_input_token_cost")
        guard input.field != nil || output.field != nil else { return nil }
        let outputPrice = output.price ?? (output.field == nil && mode != .chat ? .zero : nil)
        guard let inputPrice = input.price, let outputPrice else {
            context.toDo(
                input.field ?? output.field ?? entry, "the price is left out: it takes input and output, both exact",
                hint: "state prices per million tokens in the endpoint's serves")
            return nil
        }
        return TokenPrices(input: inputPrice, cachedInput: cached.price, output: outputPrice)
    }

    private func price(_ name: String) -> (field: YAMLTree?, price: UnitPrice?) {
        let (own, described) = (params[name], info[name])
        guard let field = own ?? described else { return (nil, nil) }
        let pico = field.text.flatMap { DecimalNumber($0) }?.integer(timesTenTo: 12)
        guard let pico, pico <= Self.picoMax else { return (field, nil) }
        return (field, UnitPrice(picoPerUnit: pico))
    }

    /// The largest that the configuration reader takes: 9 · 10¹² per million tokens.
    private static let picoMax: Int64 = 9_000_000_000_000_000_000
}
