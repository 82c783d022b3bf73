// SPDX-License-Identifier: Apache-2.0
// Isobar

/// One model server process of `isobar up`: where it stands, what it is called, and what it is asked for.
struct DemoServer {
    var region: DemoRegion
    /// Of its endpoint and its log.
    var name: String
    var port: UInt16
    /// The only model name that it accepts.
    var model: String
    /// Public names of what it serves, the main one first.
    var serves: [String]
    /// Started to make vectors instead of text.
    var isForEmbeddings = false
}

/// Which processes `isobar up` starts, and what of it callers may ask for.
///
/// Embeddings come from the default region and one more, so that they too survive the loss of a region. llama.cpp's
/// server does one thing or the other: there a second process stands in each of the two, with the same weights. The
/// reference model server does both in one.
struct DemoPlan {
    let chatModel: String
    let embeddingModel: String
    /// Tokens that one text to embed may have.
    let embeddingTokensMax: Int
    let regions: [DemoRegion]
    let servers: [DemoServer]

    static let embeddingRegionsMax = 2
    /// More processes than there can be regions, for the ports that they need.
    static let serversMax = DemoRegion.all.count + embeddingRegionsMax

    /// - Parameter firstPort: of the first region; the others follow, those for embeddings after all others.
    init(_ kind: ModelServerFleet.Kind, regions count: Int, firstPort: UInt16) {
        let regions = Array(DemoRegion.all.prefix(count))
        let (chat, embedding) = (kind.model, kind.model + "-embedding")
        var servers = regions.enumerated().map { index, region in
            DemoServer(
                region: region, name: region.region, port: firstPort + UInt16(index), model: chat, serves: [chat])
        }
        for index in servers.indices.prefix(Self.embeddingRegionsMax) {
            guard kind.embedsApart else {
                servers[index].serves.append(embedding)
                continue
            }
            let region = regions[index]
            servers.append(
                DemoServer(
                    region: region, name: region.region + "-embedding", port: firstPort + UInt16(servers.count),
                    model: embedding, serves: [embedding], isForEmbeddings: true))
        }
        chatModel = chat
        embeddingModel = embedding
        embeddingTokensMax = kind.embeddingTokensMax
        self.regions = regions
        self.servers = servers
    }

    /// Those that serve a public model, the default region's first.
    func servers(of model: String) -> [DemoServer] { servers.filter { $0.serves.contains(model) } }
}
