import Foundation
package import PostgreSQLClient
package import StoreSupport
import Synchronization

/// Tells this process's engine, and the other processes', that deliveries may have become due.
package final class PostgreSQLDue: Sendable {
    package let marks = DueWatermarks()
    package let sweeps = SweepSchedule()
    package let arrivals = Arrivals()
    /// Tells this process's hints from others'.
    let instance = UUID().uuidString
    private let lane: PostgreSQLLane
    private let tasks: StoreTasks
    private let waiting = Mutex<[Int32: Int64]>([:])

    /// How long hints are gathered for one NOTIFY: a transaction with one waits for all others that have one.
    private static let gathering = Duration.milliseconds(30)
    /// The channel of an installation. A schema holds one installation.
    package static let channel = "'webhook_svc_' || 'webhook'::regclass::oid"

    package init(lane: PostgreSQLLane, tasks: StoreTasks) {
        (self.lane, self.tasks) = (lane, tasks)
    }

    /// Says that these webhooks have something that is due from these times on.
    package func announce(_ dues: [Int32: Int64]) {
        guard !dues.isEmpty else { return }
        marks.lower(dues)
        arrivals.raise()
        let isFirst = waiting.withLock { waiting in
            defer { waiting.merge(dues, uniquingKeysWith: min) }
            return waiting.isEmpty
        }
        guard isFirst else { return }
        tasks.start { [weak self] in
            try? await Task.sleep(for: Self.gathering)
            await self?.notify()
        }
    }

    /// A hint that is lost costs others a second: their sweep finds what it told.
    private func notify() async {
        let dues = waiting.withLock { waiting in
            defer { waiting = [:] }
            return waiting
        }
        guard let payload = DueHint(instance: instance, dues: dues).payload else { return }
        try? await lane.run(isRepeatable: true, patience: .zero) { connection in
            _ = try connection.run("SELECT pg_notify(\(Self.channel), $1)::text", [.text(payload)])
        }
    }

    /// Takes another process's hint.
    package func receive(_ payload: String) {
        guard let hint = DueHint(payload: payload), hint.instance != instance else { return }
        if hint.dues.isEmpty { sweeps.request() } else { marks.lower(hint.dues) }
        arrivals.raise()
    }

    /// After a time in which hints may have been lost.
    package func resynchronize() {
        sweeps.request()
        arrivals.raise()
    }
}

/// What a NOTIFY says: who sends it, since when something may be due, and of which webhooks; none for any.
struct DueHint {
    let instance: String
    let dues: [Int32: Int64]

    /// PostgreSQL's limit is 8,000 bytes.
    private static let payloadBytes = 7900

    init(instance: String, dues: [Int32: Int64]) {
        (self.instance, self.dues) = (instance, dues)
    }

    init?(payload: String) {
        let words = payload.split(separator: " ")
        guard let instance = words.first else { return nil }
        self.instance = String(instance)
        guard words.count > 2, let due = Int64(words[1]) else {
            dues = [:]
            return
        }
        dues = Dictionary(words.dropFirst(2).compactMap { Int32($0) }.map { ($0, due) }, uniquingKeysWith: min)
    }

    /// nil when there is nothing to say.
    var payload: String? {
        guard let due = dues.values.min() else { return nil }
        let text = "\(instance) \(due) " + dues.keys.map(String.init).joined(separator: " ")
        return text.utf8.count <= Self.payloadBytes ? text : instance
    }
}
