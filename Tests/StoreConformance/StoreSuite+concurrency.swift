import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let concurrency = [
        StoreCase("Signals of many tasks are all taken in", run: manySignals),
        StoreCase("Concurrent claimers never share a delivery", run: claimersDoNotShare),
        StoreCase("Claimers and signals at once lose and double nothing", run: claimWhileSignalling),
        StoreCase("Signals racing with a delete leave nothing pending", run: signalRacingDelete),
        StoreCase("Concurrent inserts get ids of their own", run: concurrentInserts),
        StoreCase("Of results recorded at once for one lease only one counts", run: racingResults),
        StoreCase("A signal from a cancelled task is taken in or refused, never half", run: cancelledSignal),
    ]

    private static func manySignals(_ store: any AgentStore) async throws {
        for name in ["one", "two"] { _ = try await store.add(Sample.webhook(name)) }
        let signalled = try await withThrowingTaskGroup(of: [UUID].self) { group in
            for _ in 0..<32 {
                group.addTask {
                    var ids: [UUID] = []
                    for _ in 0..<50 {
                        let event = Sample.event()
                        let count = try await store.signal(event)
                        #expect(count == 2)
                        ids.append(event.id)
                    }
                    return ids
                }
            }
            return try await group.reduce(into: Set<UUID>()) { $0.formUnion($1) }
        }
        #expect(signalled.count == 1600)
        try await store.expectCounts(pending: 3200, failed: 0)
        let claimed = try await store.take()
        #expect(claimed.count == 3200)
        #expect(Set(claimed.map(\.id)).count == 3200)
        #expect(Set(claimed.map(\.eventID)) == signalled)
    }

    private static func claimersDoNotShare(_ store: any AgentStore) async throws {
        for name in ["one", "two"] { _ = try await store.add(Sample.webhook(name)) }
        for _ in 0..<200 { try await store.signal(Sample.event()) }
        let claimed = try await withThrowingTaskGroup(of: [DeliveryID].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let owner = UUID()
                    var own: [DeliveryID] = []
                    while true {
                        let claimed = try await store.take(7, by: owner)
                        if claimed.isEmpty { return own }
                        own += claimed.map(\.id)
                    }
                }
            }
            return try await group.reduce(into: [DeliveryID]()) { $0 += $1 }
        }
        #expect(claimed.count == 400)
        #expect(Set(claimed).count == 400)
    }

    /// Claimers deliver while signals come in, until they have seen all of them.
    private static func claimWhileSignalling(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        let signals = 400
        let delivered = try await withThrowingTaskGroup(of: [UUID].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<signals / 4 {
                        let count = try await store.signal(Sample.event())
                        #expect(count == 1)
                    }
                    return []
                }
                group.addTask { try await deliverUntilQuiet(store) }
            }
            return try await group.reduce(into: [UUID]()) { $0 += $1 }
        }
        let rest = try await deliverUntilQuiet(store)
        let all = delivered + rest
        #expect(all.count == signals)
        #expect(Set(all).count == signals)
        try await store.expectCounts(pending: 0, failed: 0)
    }

    /// Claims and delivers until a hundred claims in a row found nothing. Returns the events delivered.
    private static func deliverUntilQuiet(_ store: any AgentStore) async throws -> [UUID] {
        let owner = UUID()
        var delivered: [UUID] = []
        var emptyClaims = 0
        while emptyClaims < 100 {
            let claimed = try await store.take(5, by: owner)
            emptyClaims = claimed.isEmpty ? emptyClaims + 1 : 0
            let results = claimed.map { DeliveryResult($0, .delivered) }
            let counted = try await store.settle(results)
            #expect(counted.allSatisfy { $0 })
            delivered += claimed.map(\.eventID)
            await Task.yield()
        }
        return delivered
    }

    private static func signalRacingDelete(_ store: any AgentStore) async throws {
        let kept = try await store.add(Sample.webhook("kept"))
        var total = 0
        for _ in 0..<10 {
            let gone = try await store.add(Sample.webhook("gone"))
            total += try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        var made = 0
                        for _ in 0..<10 { made += try await store.signal(Sample.event()) }
                        return made
                    }
                }
                group.addTask {
                    let isDeleted = try await store.delete(id: gone.id, in: Sample.scope)
                    #expect(isDeleted)
                    return 0
                }
                return try await group.reduce(0, +)
            }
            let claimed = try await store.take(at: Sample.start)
            #expect(claimed.allSatisfy { $0.id.webhook == kept.id })
            #expect(claimed.count == 40)
        }
        try await store.expectCounts(pending: 400, failed: total - 400)
    }

    private static func concurrentInserts(_ store: any AgentStore) async throws {
        let ids = try await withThrowingTaskGroup(of: [Int32].self) { group in
            for task in 0..<16 {
                group.addTask {
                    var ids: [Int32] = []
                    for index in 0..<10 { ids.append(try await store.add(Sample.webhook("\(task)-\(index)")).id) }
                    return ids
                }
            }
            return try await group.reduce(into: [Int32]()) { $0 += $1 }
        }
        #expect(Set(ids).count == 160)
        let names = try await store.names()
        #expect(Set(names).count == 160)
    }

    private static func racingResults(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        for _ in 0..<20 { try await store.signal(Sample.event()) }
        for delivery in try await store.take() {
            let counted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for decision in lateDecisions + lateDecisions {
                    group.addTask { try await store.settle(delivery, decision) }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(counted == 1)
        }
    }

    private static func cancelledSignal(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        let made = await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try? await store.signal(Sample.event())
        }.value
        try await store.expectCounts(pending: made ?? 0, failed: 0)
    }
}
