import Foundation
import MemoryStorage
import StoreContracts
import TestSupport
import WebhookModel

/// The real memory store, watched and, where a test wants it, failing.
final class ObservedQueue: DeliveryQueue {
    struct State: Sendable {
        /// Calls, failed ones included.
        var claims = 0
        var recordCalls = 0
        var dueTimesAsked = 0
        /// Who takes what is handed over.
        var receiver: (any DeliveryReceiver)?
        /// Results that were taken, and whether they counted.
        var recorded: [(result: DeliveryResult, counted: Bool)] = []
        /// What was given up, call by call.
        var releases: [[DeliveryID]] = []
        /// How many of the next calls fail.
        var failingClaims = 0
        var failingRecords = 0
        /// Called when the store has leased what was claimed, before the engine has it.
        var onClaimed: (@Sendable () -> Void)?
    }

    let store = MemoryStore()
    let state = Watched(State())
    let arrivals: AsyncStream<Void>
    private let silence = AsyncStream<Void>.makeStream()

    /// - Parameter isSilent: Whether what is signalled does not arrive, so that only the engine's own alarms wake it.
    init(isSilent: Bool) {
        arrivals = isSilent ? silence.stream : store.arrivals
    }

    func claim(_ limits: ClaimLimits, for lease: Lease) async throws(StoreError) -> [ClaimedDelivery] {
        let fails = state.update { state in
            state.claims += 1
            state.failingClaims -= 1
            return state.failingClaims >= 0
        }
        if fails { throw .unavailable("no claims today") }
        let claimed = try await store.claim(limits, for: lease)
        state.value.onClaimed?()
        return claimed
    }

    func record(_ results: [DeliveryResult]) async throws(StoreError) -> [DeliveryFate?] {
        let fails = state.update { state in
            state.recordCalls += 1
            state.failingRecords -= 1
            return state.failingRecords >= 0
        }
        if fails { throw .unavailable("no records today") }
        let fates = try await store.record(results)
        state.update { $0.recorded += zip(results, fates).map { (result: $0, counted: $1 != nil) } }
        return fates
    }

    func release(_ deliveries: [DeliveryID], owner: UUID, now: Timestamp) async throws(StoreError) {
        try await store.release(deliveries, owner: owner, now: now)
        state.update { $0.releases.append(deliveries) }
    }

    func recall(_ limits: RecallLimits) async throws(StoreError) -> Recalled {
        try await store.recall(limits)
    }

    func nextDue(_ limits: ClaimLimits) async throws(StoreError) -> Timestamp? {
        state.update { $0.dueTimesAsked += 1 }
        return try await store.nextDue(limits)
    }

    func handOver(to receiver: (any DeliveryReceiver)?) {
        state.update { $0.receiver = receiver }
    }

    func counts() async throws(StoreError) -> DeliveryCounts {
        try await store.counts()
    }
}
