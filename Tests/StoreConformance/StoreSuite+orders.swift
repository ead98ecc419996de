import StoreContracts
import Testing

extension StoreSuite {
    static let orders = [
        StoreCase(
            "Deliveries are listed in the order of their events, or the other way, page by page",
            run: bothOrders
        ),
        StoreCase(
            "Deliveries are found by when their events were signalled, whatever became of them",
            run: foundByTime
        ),
    ]

    private static let times = (0..<6).map { Sample.after(.seconds($0)) }

    /// Six events for two webhooks: each webhook has some delivered, some failed and some pending.
    private static func fill(_ store: any AgentStore) async throws {
        for name in ["first", "second"] { _ = try await store.add(Sample.webhook(name)) }
        for (number, time) in times.enumerated() {
            try await store.signal(Sample.event(time: time))
            guard number < 4 else { continue }
            for delivery in try await store.take(at: time) {
                #expect(try await store.settle(delivery, number % 2 == 0 ? .delivered : .failed(error: "no")))
            }
        }
    }

    private static func bothOrders(_ store: any AgentStore) async throws {
        try await fill(store)
        let newest = try await store.list().map(\.id)
        #expect(newest.count == 12)
        for (order, expected) in [(DeliveryOrder.newestFirst, newest), (.oldestFirst, newest.reversed())] {
            for limit in [1, 5, 12, 100] {
                var found: [DeliveryID] = []
                while true {
                    let page = try await store.deliveries(
                        matching: DeliveryFilter(),
                        in: order,
                        after: found.last,
                        limit: limit
                    )
                    found += page.map(\.id)
                    guard page.count == limit else { break }
                }
                #expect(found == expected, "\(order), \(limit) at a time")
            }
        }
    }

    private static func foundByTime(_ store: any AgentStore) async throws {
        try await fill(store)
        let filters: [(DeliveryFilter, [Int])] = [
            (DeliveryFilter(since: times[4]), [4, 4, 5, 5]), (DeliveryFilter(until: times[1]), [0, 0]),
            (DeliveryFilter(since: times[1], until: times[3]), [1, 1, 2, 2]),
            (DeliveryFilter(state: .delivered, since: times[1]), [2, 2]),
            (DeliveryFilter(state: .failed, until: times[3]), [1, 1]),
            (DeliveryFilter(event: "CONTACT.created", state: .pending, since: times[5]), [5, 5]),
            (DeliveryFilter(since: times[3], until: times[3]), []),
            (DeliveryFilter(since: Sample.farFuture), []),
        ]
        for (filter, expected) in filters {
            let found = try await store.deliveries(matching: filter, in: .oldestFirst, after: nil, limit: 100)
            #expect(found.map(\.signalled) == expected.map { times[$0] }, "\(filter)")
            #expect(try await store.list(filter).map(\.id) == found.map(\.id).reversed(), "\(filter)")
        }
    }
}
