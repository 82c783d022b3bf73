// SPDX-License-Identifier: Apache-2.0
// Isobar

internal import BudgetStore
internal import Budgets
internal import Pricing
internal import Reactor
internal import ResourceTypes
internal import Routing
internal import WireFormats

// What a request may use is reserved before anything is sent, in all accounts it falls under or in none, and settled to
// the truth at its end. What an attempt may have cost that nobody told the price of is settled at its bound.

/// What a request holds of budgets.
struct Funding {
    /// Requests and places.
    var request = BudgetCharges()
    /// Money and tokens, by attempt slot.
    var attempts: InlineArray<2, BudgetCharges> = [BudgetCharges(), BudgetCharges()]
    var hasAttempt: InlineArray<2, Bool> = [false, false]
}

extension Exchange {
    /// Whether limits apply to the key. One look where there are none.
    var isBudgeted: Bool { !budgetItems.isEmpty }

    /// What the key's requests reserve by the configuration in force, which may be another one than a moment ago.
    private var budgetItems: [KeyBudgets.Item] {
        guard let slot = principal?.slot, slot < worker.generation.keyBudgets.count else { return [] }
        return worker.generation.keyBudgets[slot].items
    }

    /// Stage 5, second part: reserves, and goes on, waits or refuses.
    func fund() {
        let items = budgetItems
        guard !items.isEmpty, let budgets = worker.budgets else {
            // A configuration without limits for this key came while it waited for them.
            unpark()
            return Pick.begin(self)
        }
        let charges = charges(for: items)
        switch budgets.reserve(charges, now: worker.unixSeconds) {
        case .reserved(let taken):
            unpark()
            keep(taken, items)
            Pick.begin(self)
        case .wait: park()
        case .refused(let refusal):
            unpark()
            RequestLifecycle.refuse(self, .budget(describe(refusal, charges)))
        }
    }

    private func charges(for items: [KeyBudgets.Item]) -> BudgetCharges {
        var charges = BudgetCharges()
        let bound = bound
        for item in items { charges.append(BudgetCharge(account: item.account, amount: bound[item.meter])) }
        return charges
    }

    private func keep(_ taken: BudgetCharges, _ items: [KeyBudgets.Item]) {
        var funding = Funding()
        for (position, item) in items.enumerated() {
            if item.meter.isPerAttempt {
                funding.attempts[0].append(taken[position])
            } else {
                funding.request.append(taken[position])
            }
        }
        funding.hasAttempt[0] = true
        self.funding = funding
    }

    // MARK: Attempts

    /// Whether the attempt in a slot is paid for, by what was reserved at first or anew. An attempt that cannot be is not
    /// made: the request ends with what it has.
    func isFunded(_ slot: Int) -> Bool {
        guard funding != nil, funding?.hasAttempt[slot] == false else { return true }
        // A key or a route that is gone has no limits any more, which is no leave to spend.
        guard let budgets = worker.budgets, let principal, worker.generation.key(at: principal.slot) != nil,
            !isOrphaned
        else { return false }
        let items = budgetItems.filter(\.meter.isPerAttempt)
        guard !items.isEmpty else { return true }
        guard case .reserved(let taken) = budgets.reserve(charges(for: items), now: worker.unixSeconds) else {
            return false
        }
        funding?.attempts[slot] = taken
        funding?.hasAttempt[slot] = true
        return true
    }

    /// An attempt ended without an answer for the caller. What may have been billed counts at its bound; the rest pays for
    /// the next one in this slot.
    func noteFunding(of slot: Int, _ failure: AttemptFailure?, wasSent: Bool) {
        guard funding?.hasAttempt[slot] == true, machine.committedSlot != slot, wasSent else { return }
        if let failure, !failure.kind.mayHaveBeenBilled { return }
        guard let charges = funding?.attempts[slot] else { return }
        worker.budgets?.settle(charges) { $1.amount }
        funding?.hasAttempt[slot] = false
    }

    /// The request's end.
    func settleFunding(_ bill: Meter.Bill) {
        guard let funding, let budgets = worker.budgets else { return }
        self.funding = nil
        // Only a whole answer whose usage somebody counted is cheaper than its bound.
        let isExact = outcome == .ok && !bill.isEstimated && bill.cost != nil
        let wasAnswered = machine.committedSlot
        for slot in 0...1 where funding.hasAttempt[slot] {
            budgets.settle(funding.attempts[slot]) { meter, charge in
                guard slot == wasAnswered else { return 0 }
                guard isExact else { return charge.amount }
                return meter == .money
                    ? bill.cost?.nanoRoundedUp ?? charge.amount : bill.usage.input + bill.usage.output
            }
        }
        budgets.settle(funding.request) { _, charge in charge.amount }
    }

    /// For the store, of every request that an endpoint answered.
    func recordUsage(_ bill: Meter.Bill) {
        guard let shared = worker.budgets, machine.isCommitted, let principal else { return }
        let key = worker.metrics.counters.keys[principal.slot].name
        let tenants = worker.generation.keyTenants
        shared.record(
            UsageRecord(
                requestID: identifier, unixSeconds: worker.unixSeconds, key: key,
                tenant: principal.slot < tenants.count ? tenants[principal.slot] : "",
                endpoint: worker.metrics.counters.endpoints[attempts[answeringSlot].counters].name,
                inputTokens: bill.usage.input, outputTokens: bill.usage.output,
                costNano: bill.cost?.nanoRoundedUp))
    }

    // MARK: Waiting

    /// The slices do not reach and the ledger was asked: the request waits without being in flight.
    private func park() {
        guard !isParked else { return }
        isParked = true
        parkedUntil = worker.loop.now + worker.limits.budgetWaitNanoseconds
        worker.park(self)
        client.setDeadline(parkedUntil)
    }

    func unpark() {
        guard isParked else { return }
        isParked = false
        parkedUntil = .max
        worker.unpark(self)
    }

    /// The ledger has answered somebody.
    func retryFunding() {
        guard isParked else { return }
        // Nothing of it has begun, so it is for the configuration in force to say whether it may.
        guard !isOrphaned, let principal, worker.generation.key(at: principal.slot) != nil else {
            return refuseParked(isOrphaned ? .noEndpoint(.exhausted) : .unknownKey)
        }
        fund()
    }

    func parkedTooLong() { refuseParked(.budgetUnknown) }

    private func refuseParked(_ refusal: Refusal) {
        unpark()
        RequestLifecycle.refuse(self, refusal)
    }

    func parkedCallerGone() {
        unpark()
        outcome = .clientGone
        finish(keepingAlive: false)
    }

    // MARK: Bounds

    /// The most that one attempt can use of each meter.
    private struct Bound {
        var money: Int64
        var tokens: Int64

        subscript(meter: BudgetMeter) -> Int64 {
            switch meter {
            case .requests, .concurrency: 1
            case .money: money
            case .tokens: tokens
            }
        }
    }

    private var bound: Bound {
        let request = priced
        let ceiling = ceiling
        let tokens = ceiling.tokens(request)
        let (sum, overflow) = tokens.input.addingReportingOverflow(tokens.output)
        return Bound(money: ceiling.money(request).nanoRoundedUp, tokens: overflow ? .max : sum)
    }

    private var ceiling: PriceCeiling { worker.generation.ceilings[Int(features.route.index)] }

    private var priced: PriceCeiling.Request {
        let operation = features.operation
        let isText = !operation.isMedia && operation != .embeddings
        return PriceCeiling.Request(
            bodyBytes: Int64(client.bodyBytes.count),
            refersElsewhere: isText && (!facts.previousResponse.isEmpty || BodyReferences.are(in: client.bodyBytes)),
            outputTokensMax: isText && !operation.countsTokens
                ? (facts.outputTokensMax >= 0 ? facts.outputTokensMax : nil) : 0,
            choices: facts.choices, images: operation == .images ? facts.choices : 0, characters: facts.characters,
            isSound: operation == .transcriptions || operation == .translations)
    }

    private func describe(_ refusal: BudgetHolder.Refusal, _ charges: BudgetCharges) -> BudgetRefusal {
        let account = worker.budgets?.account(refusal.account)
        var needed: Int64 = 0
        for position in 0..<charges.count where charges[position].account == refusal.account {
            needed = charges[position].amount
        }
        return BudgetRefusal(
            account: account?.name ?? "", meter: account?.meter ?? .requests, limit: account?.limit ?? 0,
            needed: needed, window: account?.window ?? .total, freesAt: refusal.freesAt,
            isBeyondLimit: refusal.isBeyondLimit, now: worker.unixSeconds,
            currency: worker.generation.snapshot.currency.code)
    }
}
