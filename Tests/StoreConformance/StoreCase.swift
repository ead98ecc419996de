package import StoreContracts
import Testing

/// One thing that every store must do, tried on an empty store of its own.
package struct StoreCase: Sendable, CustomTestStringConvertible {
    let name: String
    package let run: @Sendable (any AgentStore) async throws -> Void

    init(_ name: String, run: @escaping @Sendable (any AgentStore) async throws -> Void) {
        self.name = name
        self.run = run
    }

    package var testDescription: String { name }
}

/// What every store must do. A store's suite is one test with ``cases`` as its arguments.
package enum StoreSuite {
    package static let cases: [StoreCase] = [
        webhooks, scopes, filters, signalling, missed, bodies, claims, sharing, results, postponements, failures,
        usage, states, memory, lifecycle, manyDeliveries, recalls, stateEvents, log, lists,
        orders, replays, undeliverables, pruning, concurrency, sessions,
    ].flatMap { $0 }
}
