import CoreMetrics
import Foundation
import StoreContracts
import Synchronization
import WebhookModel

/// `GET /metrics`: the registry, brought up to date with what the store knows.
final class MetricsFront: Sendable {
    private let registry: MetricsRegistry
    private let store: any StoreHealth
    private let seen = Mutex(CommitCounts())
    private let pending: Meter
    private let failed: Meter
    private let parked: Meter
    private let missed: Meter
    private let oldest: Meter
    private let commits: Counter
    private let signals: Counter

    init(registry: MetricsRegistry, store: any StoreHealth) {
        self.registry = registry
        self.store = store
        func queue(_ state: String) -> Meter {
            Meter(label: "webhook_svc_queue_deliveries", dimensions: [("state", state)], factory: registry)
        }
        (pending, failed, parked, missed) = (queue("pending"), queue("failed"), queue("parked"), queue("missed"))
        oldest = Meter(label: "webhook_svc_queue_oldest_due_seconds", factory: registry)
        commits = Counter(label: "webhook_svc_signal_commits_total", factory: registry)
        signals = Counter(label: "webhook_svc_signals_committed_total", factory: registry)
    }

    /// The text for Prometheus.
    func text() async throws(StoreError) -> String {
        let counts = try await store.counts()
        pending.set(counts.pending)
        failed.set(counts.failed)
        parked.set(counts.parked)
        missed.set(counts.missed)
        let age = counts.oldestDue.map { Timestamp(Date()).since($0) / .seconds(1) } ?? 0
        oldest.set(max(0, age))
        for figure in try await store.figures() {
            let labels = figure.labels.map { ($0.key, $0.value) }
            Meter(label: figure.name, dimensions: labels, factory: registry).set(figure.value)
        }
        seen.withLock { seen in
            // Read in the lock: of two texts at once, the one that read less must not be the last to say what was seen.
            let now = store.commitCounts
            commits.increment(by: now.commits - seen.commits)
            signals.increment(by: now.signals - seen.signals)
            seen = now
        }
        return registry.text
    }
}
