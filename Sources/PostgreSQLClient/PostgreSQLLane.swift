import Foundation
package import StoreContracts
import StoreSupport
import Synchronization

/// Threads with a connection each, which carry jobs out in the order in which they come. The calls of libpq block, so they run
/// neither on event loops nor on Swift's own threads.
///
/// A connection that breaks is made anew, with growing waits between the attempts. A job waits for the new connection as long
/// as its patience lasts.
package final class PostgreSQLLane: Sendable {
    private let queue: Queue
    private let notes = Notes()
    private let stop = PostgreSQLStop()
    private let threads = StoreThreads()

    /// How often its connections have waited for an answer of the server, in jobs that are over.
    package var roundTrips: Int { notes.roundTrips.load(ordering: .relaxed) }

    /// How many jobs may wait. Further jobs are refused.
    private static let waitingJobs = 4096
    /// How long a job waits for a connection by default.
    package static let patience = Duration.seconds(5)

    /// Creates a lane whose connection is made when the first job comes.
    package convenience init(
        _ location: PostgreSQLLocation,
        name: String,
        planning: PostgreSQLConnection.Planning = .fixed
    ) {
        self.init(location, name: name, connections: [nil], planning: planning, log: nil, onOpen: nil)
    }

    /// Creates a lane whose connections are open.
    ///
    /// - Parameters:
    ///   - opened: Its connections. The lane carries as many jobs out at once, and makes a connection that breaks anew.
    ///   - onOpen: Prepares each connection that is made anew.
    package convenience init(
        _ location: PostgreSQLLocation,
        name: String,
        opened: [PostgreSQLHandover],
        planning: PostgreSQLConnection.Planning,
        log: PostgreSQLConnectionLog,
        onOpen: PostgreSQLConnection.Preparation?
    ) {
        self.init(location, name: name, connections: opened, planning: planning, log: log, onOpen: onOpen)
    }

    private init(
        _ location: PostgreSQLLocation,
        name: String,
        connections: [PostgreSQLHandover?],
        planning: PostgreSQLConnection.Planning,
        log: PostgreSQLConnectionLog?,
        onOpen: PostgreSQLConnection.Preparation?
    ) {
        let (queue, notes, stop) = (Queue(), notes, stop)
        self.queue = queue
        for connection in connections {
            threads.start(name: "postgresql-" + name) {
                var worker = Worker(location: location, planning: planning, log: log, onOpen: onOpen, stop: stop)
                if let opened = connection?.take() { worker.use(opened) }
                while let job = queue.next() { worker.carryOut(job, notes) }
            }
        }
    }

    deinit {
        queue.close()
    }

    /// Gives up on jobs that take longer than `grace` from now on.
    package func limit(within grace: Duration) { stop.begin(within: grace) }

    /// Refuses the jobs that wait and all further jobs, gives up on jobs that take longer than `grace`, and returns when
    /// the lane's threads have ended and its connections are closed.
    package func close(within grace: Duration) async {
        stop.begin(within: grace)
        queue.close()
        await threads.finish()
    }

    /// How many threads the lane has.
    var threadCount: Int { threads.count }

    /// Carries `body` out on a connection. `body` may run several times, and only its last run counts: it is repeated for 5 s
    /// while other sessions are in the way and, if `isRepeatable`, after the connection broke. A transaction that `body` leaves
    /// open is rolled back.
    ///
    /// - Parameter isRepeatable: Whether nothing is lost or doubled when `body` is carried out twice.
    package func run<Value: Sendable>(
        isRepeatable: Bool = false,
        patience: Duration = patience,
        _ body: @escaping @Sendable (PostgreSQLConnection) throws -> Value
    ) async throws(StoreError) -> Value {
        switch await attempt(isRepeatable: isRepeatable, patience: patience, body) {
        case .success(let value): return value
        case .failure(let error): throw StoreError(postgreSQL: error)
        }
    }

    /// Carries `body` out as the other form does, but returns the error of PostgreSQL itself.
    ///
    /// - Parameter isNext: Whether `body` is carried out before all jobs that wait.
    package func attempt<Value: Sendable>(
        isRepeatable: Bool = false,
        patience: Duration = patience,
        isNext: Bool = false,
        _ body: @escaping @Sendable (PostgreSQLConnection) throws -> Value
    ) async -> Result<Value, any Error> {
        await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, any Error>, Never>) in
            let made = Mutex<Value?>(nil)
            let job = Job(
                deadline: .now.advanced(by: patience),
                isRepeatable: isRepeatable,
                run: { connection in
                    let value = try body(connection)
                    made.withLock { $0 = value }
                },
                finish: { failure in
                    if let failure { return continuation.resume(returning: .failure(failure)) }
                    let missing = PostgreSQLError(.statement, "a job left no result")
                    continuation.resume(returning: made.withLock { $0 }.map { .success($0) } ?? .failure(missing))
                }
            )
            if let refusal = queue.append(job, isNext: isNext, limit: Self.waitingJobs) {
                continuation.resume(returning: .failure(refusal))
            }
        }
    }

    /// How many jobs wait.
    var waiting: Int { queue.count }

    /// Why the last attempt to make a connection failed; nil when it did not.
    package var trouble: String? { notes.trouble.withLock { $0 } }

    private final class Notes: Sendable {
        let roundTrips = Atomic(0)
        let trouble = Mutex<String?>(nil)
    }

    private struct Job: Sendable {
        let deadline: ContinuousClock.Instant
        let isRepeatable: Bool
        let run: @Sendable (PostgreSQLConnection) throws -> Void
        let finish: @Sendable ((any Error)?) -> Void
    }

    /// The jobs that wait. `condition` guards every member.
    private final class Queue: @unchecked Sendable {
        private let condition = NSCondition()
        private var jobs: [Job] = []
        private var isClosed = false

        var count: Int { condition.withLock { jobs.count } }

        /// Returns why the job is refused; nil when it is not.
        func append(_ job: Job, isNext: Bool, limit: Int) -> StoreError? {
            condition.withLock {
                guard !isClosed else { return .closed }
                guard isNext || jobs.count < limit else { return .overloaded(waiting: limit) }
                jobs.insert(job, at: isNext ? 0 : jobs.count)
                condition.signal()
                return nil
            }
        }

        /// Waits for a job and returns it; nil when there will be none.
        func next() -> Job? {
            condition.withLock {
                while jobs.isEmpty {
                    guard !isClosed else { return nil }
                    condition.wait()
                }
                return jobs.removeFirst()
            }
        }

        /// Refuses the jobs that wait and all further jobs.
        func close() {
            let refused = condition.withLock {
                isClosed = true
                condition.broadcast()
                defer { jobs = [] }
                return jobs
            }
            for job in refused { job.finish(StoreError.closed) }
        }
    }

    /// One thread's connection.
    private struct Worker {
        let location: PostgreSQLLocation
        let planning: PostgreSQLConnection.Planning
        let log: PostgreSQLConnectionLog?
        let onOpen: PostgreSQLConnection.Preparation?
        let stop: PostgreSQLStop
        private var connection: PostgreSQLConnection?
        private var backoff = PostgreSQLBackoff()

        /// How often a job is carried out at most.
        private static let attempts = 6

        init(
            location: PostgreSQLLocation,
            planning: PostgreSQLConnection.Planning,
            log: PostgreSQLConnectionLog?,
            onOpen: PostgreSQLConnection.Preparation?,
            stop: PostgreSQLStop
        ) {
            (self.location, self.planning, self.log, self.stop) = (location, planning, log, stop)
            self.onOpen = onOpen
        }

        mutating func use(_ connection: PostgreSQLConnection) {
            connection.stop = stop
            self.connection = connection
        }

        mutating func carryOut(_ job: Job, _ notes: Notes) {
            // What was sent before may have been carried out: nothing more is sent once the time is over.
            if stop.isOver { return job.finish(StoreError.closed) }
            let start = ContinuousClock.now
            for attempt in 1...Self.attempts {
                do {
                    let connection = try connect(until: job.deadline, notes)
                    connection.answerLimit = PostgreSQLConnection.usualAnswerLimit
                    let before = connection.roundTrips
                    defer { notes.roundTrips.add(connection.roundTrips - before, ordering: .relaxed) }
                    try job.run(connection)
                    try connection.rollBack()
                    return job.finish(nil)
                } catch {
                    let failure = error as? PostgreSQLError
                    if let connection, (try? connection.rollBack()) == nil || failure?.kind == .lost {
                        self.connection = nil
                        if stop.isOver { return job.finish(StoreError.closed) }
                        log?.cut(failure?.text ?? "\(error)")
                    }
                    let isWorthAnother =
                        switch failure?.kind {
                        case .conflict: start.duration(to: .now) < PostgreSQLLane.patience
                        // A caller does not wait a second time for a server that is halted.
                        case .lost: job.isRepeatable && start.duration(to: .now) < PostgreSQLLane.patience
                        case .unreachable, .statement, nil: false
                        }
                    guard isWorthAnother, attempt < Self.attempts else { return job.finish(error) }
                    // Chance keeps jobs that were in each other's way from meeting again.
                    Thread.sleep(forTimeInterval: Double.random(in: 0.001...0.01) * Double(attempt))
                }
            }
        }

        private mutating func connect(until deadline: ContinuousClock.Instant, _ notes: Notes) throws
            -> PostgreSQLConnection
        {
            if let connection, connection.isUsable(), (try? connection.renewPlans()) != nil { return connection }
            if connection != nil { log?.cut("it was closed while it was idle") }
            connection = nil
            let (location, planning, onOpen, stop) = (location, planning, onOpen, stop)
            do {
                let made = try backoff.connect(until: deadline, stop: stop) { () throws(PostgreSQLError) in
                    do throws(PostgreSQLError) {
                        let connection = try PostgreSQLConnection(
                            location,
                            planning: planning,
                            onOpen: onOpen,
                            stop: stop
                        )
                        notes.trouble.withLock { $0 = nil }
                        return connection
                    } catch {
                        notes.trouble.withLock { $0 = error.text }
                        throw error
                    }
                }
                use(made)
                return made
            } catch {
                log?.failed(error)
                throw error
            }
        }
    }
}
