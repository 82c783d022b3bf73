internal import WireFormats
internal import ResourceTypes
struct _In: RequestReading { static func read(_ body: JSONElement, into conversation: Conversation) throws(TranslationFault) { throw TranslationFault(.emptyConversation) } }
struct _Out: RequestWriting { static func write(_ c: Conversation, for t: RequestTarget, to w: JSONWriter, losses: inout Losses) throws(TranslationFault) { throw TranslationFault(.emptyConversation) } }
struct _AIn: AnswerReading { static func read(_ b: JSONElement, into a: Answer) throws(TranslationFault) { throw TranslationFault(.emptyConversation) } }
struct _AOut: AnswerWriting { static func write(_ a: Answer, for t: AnswerTarget, to w: JSONWriter) {} }
struct _SIn: StreamReading { init() {}; mutating func read(_ e: WireEvent, tape: JSONTape, into v: inout [StreamEvent]) throws(TranslationFault) {}; mutating func bodyEnded(into v: inout [StreamEvent]) {} }
struct _SOut: StreamWriting { init(_ t: AnswerTarget) {}; mutating func write(_ e: StreamEvent, to w: JSONWriter) {}; mutating func fail(_ e: WireError, to w: JSONWriter) {}; mutating func keepAlive(to w: JSONWriter) {} }
typealias ResponsesRequestReader = _In
typealias ResponsesRequestWriter = _Out
typealias ResponsesAnswerReader = _AIn
typealias ResponsesAnswerWriter = _AOut
typealias ResponsesStreamReader = _SIn
typealias ResponsesStreamWriter = _SOut
