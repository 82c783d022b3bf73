// SPDX-License-Identifier: Apache-2.0
// Isobar

/// What a route demands of the models that serve it; all of it, of each of them. Empty demands nothing.
public struct RouteRequirement: Hashable, Sendable {
    /// Each must be declared; text needs no word, because a model that declares nothing is one of text.
    public var modalities: [Modality]
    /// BCP 47 tags, e.g. `ta`. A model that declares no languages meets none of them: here silence is not enough.
    public var languages: [String]
    public init(modalities: [Modality] = [], languages: [String] = []) {
        self.modalities = modalities
        self.languages = languages
    }

    public var isEmpty: Bool { modalities.isEmpty && languages.isEmpty }
}

extension Model {
    /// What it takes and gives, the default included.
    public var modalitiesServed: Set<Modality> { modalities.isEmpty ? [.text] : modalities }

    /// Languages it declares, each once and in order.
    public var languageCodes: [LanguageCode] { Set(languages.compactMap { LanguageCode($0) }).sorted() }
}
