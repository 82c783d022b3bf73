// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import Reactor
internal import WireFormats

/// The way of a request, top to bottom. One stage is one file in `Stages/`; each either lets the request go on or
/// refuses it with a reason.
///
/// | # | stage | fails as |
/// |---|---|---|
/// | 1 | `Accept` | 400, 404, 405, 408, 413, 414, 417, 431 |
/// | 2 | `Authenticate` | 401 |
/// | 3 | `Inspect` | 400, 404 model |
/// | 4 | `Authorize` | 403 |
/// | 5 | `Admit`, and what budgets allow | 402, 429 with Retry-After |
/// | 6 | `Pick`, and from there on the attempt machine | 503, 429 |
/// | 7 | `Dispatch`: translate, sign, send; events go back to the machine | 502, 503, 504 |
/// | 8 | `Deliver`: the answer to the client | error event, cut connection |
/// | 9 | `Meter` | never |
/// | 10 | `Record` | never |
enum RequestLifecycle {
    /// Stages 1 and 2, before a body is read: a stranger cannot make us hold megabytes.
    /// - Returns: false when the request has been refused.
    static func headArrived(_ exchange: Exchange, _ fields: UnsafeBufferPointer<HeaderField>) -> Bool {
        if let refusal = Accept.examine(exchange, fields) ?? Authenticate.check(exchange) {
            refuse(exchange, refusal)
            return false
        }
        return true
    }

    /// Stages 3 to 6; the attempt machine takes over from there.
    static func requestArrived(_ exchange: Exchange) {
        exchange.timing.received = exchange.worker.loop.now
        switch exchange.target {
        case .models, .model:
            if let refusal = Authorize.checkListing(exchange) { return refuse(exchange, refusal) }
            return ModelList.answer(exchange)
        case .inference, .unknown: break
        }
        if let refusal = Inspect.examine(exchange) ?? Authorize.check(exchange) ?? Admit.check(exchange) {
            return refuse(exchange, refusal)
        }
        if exchange.isBudgeted { return exchange.fund() }
        Pick.begin(exchange)
    }

    /// Answers with an error of our own. A request whose body has not been read takes its connection with it.
    static func refuse(_ exchange: Exchange, _ refusal: Refusal) {
        exchange.client.stopReading()
        exchange.outcome = refusal.outcome
        exchange.sendError(refusal)
        exchange.finish(keepingAlive: refusal.keepsConnection)
    }
}
