internal import WireFormats
internal import ResourceTypes
struct _In: RequestReading { static func read(_ body: JSONElement, into conversation: Conversation) throws(TranslationFault) { throw TranslationFault(.emptyConversation) } }
struct _Out: RequestWriting { static func write(_ c: Conversation, for t: RequestTarget, to w: JSONWriter, losses: inout Losses) throws(TranslationFault) { throw TranslationFault(.emptyConversation) } }
struct _AIn: AnswerReading { static func read(_ b: JSONElement, into a: Answer) throws(TranslationFault) { throw TranslationFault(.emptyConversation) } }
struct _AOut: AnswerWriting { static func write(_ a: Answer, for t: AnswerTarget, to w: JSONWriter) {} }
struct _SIn: StreamReading { init() {}; mutating func read(_ e: WireEvent, tape: JSONTape, into v: inout [StreamEvent]) throws(TranslationFault) {}; mutating func bodyEnded(into v: inout [StreamEvent]) {} }
struct _SOut: StreamWriting { init(_ t: AnswerTarget) {}; mutating func write(_ e: StreamEvent, to w: JSONWriter) {}; mutating func fail(_ e: WireError, to w: JSONWriter) {}; mutating func keepAlive(to w: JSONWriter) {} }
typealias ResponsesRequestReader = _In; typealias GenerateContentRequestReader = _In
typealias ResponsesRequestWriter = _Out; typealias GenerateContentRequestWriter = _Out; typealias ConverseRequestWriter = _Out
typealias ResponsesAnswerReader = _AIn; typealias GenerateContentAnswerReader = _AIn; typealias ConverseAnswerReader = _AIn
typealias ResponsesAnswerWriter = _AOut; typealias GenerateContentAnswerWriter = _AOut
typealias ResponsesStreamReader = _SIn; typealias GenerateContentStreamReader = _SIn; typealias ConverseStreamReader = _SIn
typealias ResponsesStreamWriter = _SOut; typealias GenerateContentStreamWriter = _SOut
public enum EmbeddingFamily { case titan, nova, cohere, vertexPredict, batchEmbedContents }
final class EmbeddingsRequest { var inputs: [JSONString] = []; var wantsBase64 = false; func reset() {} }
final class EmbeddingsAnswer { var promptTokens: Int64?; func reset() {} }
enum EmbeddingsRequestReader { static func read(_ b: JSONElement, into r: EmbeddingsRequest) throws(TranslationFault) {} }
enum EmbeddingsRequestWriter { static func write(_ r: EmbeddingsRequest, for f: EmbeddingFamily, model: JSONString, to w: JSONWriter, losses: inout Losses) throws(TranslationFault) {} }
enum EmbeddingsAnswerReader { static func read(_ b: JSONElement, from f: EmbeddingFamily, count: Int, tokenCount: Int64?, into a: EmbeddingsAnswer) throws(TranslationFault) {} }
enum EmbeddingsAnswerWriter { static func write(_ a: EmbeddingsAnswer, model: JSONString, asBase64: Bool, to w: JSONWriter) {} }
