// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import WireFormats

/// A request's body on its way to an endpoint: a value that says what of the conversation its wire could not.
protocol EndpointBody {
    init(_ conversation: Conversation, _ target: EndpointTarget, _ writer: JSONWriter)
    var losses: Losses { get set }
    mutating func write() throws(TranslationFault)
}

/// A wire whose requests are written by such a body.
protocol BodyWriting: RequestWriting {
    associatedtype Body: EndpointBody
}

extension BodyWriting {
    static func write(
        _ conversation: Conversation, for target: EndpointTarget, to writer: JSONWriter, losses: inout Losses
    ) throws(TranslationFault) {
        var body = Body(conversation, target, writer)
        // Moved rather than copied: a copy would be two owners of the lists, and the next addition an allocation.
        swap(&body.losses, &losses)
        defer { swap(&body.losses, &losses) }
        for member in conversation.foreign { body.losses.add(member) }
        try body.write()
    }
}
