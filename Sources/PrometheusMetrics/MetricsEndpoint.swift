import CoreMetrics
import Foundation
import ServiceMetrics
package import StoreContracts
import Synchronization
import WebhookModel

/// Answers `GET /metrics`: the registry, brought up to date with what the store knows.
package final class MetricsEndpoint: Sendable {
    private let registry: MetricsRegistry
    private let store: any StoreHealth
    /// The store's own counts as far as the registry has them.
    private let counted = Mutex<[StoreCount: Int]>([:])

    /// A number that the store counts itself and that only rises.
    private enum StoreCount: Hashable {
        case commits, events
        case roundTrips(lane: String)
    }

    /// Creates the answer of `registry`, which `store` brings up to date.
    package init(registry: MetricsRegistry, store: any StoreHealth) {
        self.registry = registry
        self.store = store
        raise(.commits, to: 0)
        raise(.events, to: 0)
    }

    /// Returns the text for Prometheus. Throws ``StoreError`` when the store cannot be asked.
    package func text() async throws(StoreError) -> String {
        let counts = try await store.counts()
        let states = [
            ("pending", counts.pending), ("failed", counts.failed), ("parked", counts.parked),
            ("missed", counts.missed),
        ]
        for (state, count) in states { Metric.storedDeliveries.gauge(state, in: registry).set(count) }
        let age = counts.oldestDue.map { Timestamp(Date()).since($0) / .seconds(1) } ?? 0
        Metric.queueOldestDueAge.gauge(in: registry).set(max(0, age))
        for measurement in try await store.measurements() { show(measurement) }
        let commits = store.commitCounts
        raise(.commits, to: commits.commits)
        raise(.events, to: commits.signals)
        return registry.text
    }

    private func show(_ measurement: StoreMeasurement) {
        let gauge: Metric
        switch measurement.quantity {
        case .roundTrips(let lane): return raise(.roundTrips(lane: lane), to: Int(measurement.value))
        case .clockSkew: gauge = .postgreSQLClockSkew
        case .deadDeliveryRows: gauge = .postgreSQLDeadDeliveryRows
        case .deliveryTableSize: gauge = .postgreSQLDeliveryTableBytes
        case .oldestSnapshotAge: gauge = .postgreSQLOldestSnapshotAge
        case .oldestSnapshotTransactions: gauge = .postgreSQLOldestSnapshotTransactions
        }
        gauge.gauge(in: registry).set(measurement.value)
    }

    /// Raises a counter to what the store has counted. Of two calls at once, the one that read less changes nothing.
    private func raise(_ count: StoreCount, to total: Int) {
        let counter =
            switch count {
            case .commits: Metric.eventCommits.counter(in: registry)
            case .events: Metric.eventsCommitted.counter(in: registry)
            case .roundTrips(let lane): Metric.postgreSQLRoundTrips.counter(lane, in: registry)
            }
        counted.withLock { counted in
            let known = counted[count, default: 0]
            guard total > known else { return }
            counter.increment(by: total - known)
            counted[count] = total
        }
    }
}
