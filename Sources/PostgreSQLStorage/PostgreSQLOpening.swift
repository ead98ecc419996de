import Foundation
import Logging
import PostgreSQLClient
import PostgreSQLInstallation
import StoreContracts
import Synchronization

/// All connections of a process, opened at the start. A server that does not take so many connections, or a set-up with which
/// the store cannot work, is reported then, and not by calls that fail later.
struct PostgreSQLOpening {
    let listening: PostgreSQLHandover
    /// What came of making partitions.
    let partitions: PostgreSQLPartitions.Outcome
    /// How many connections a process needs.
    static let connectionCount = PostgreSQLLanes.Kind.allCases.reduce(1) { $0 + $1.connections }
    private let lanes: [PostgreSQLLanes.Kind: [PostgreSQLHandover]]

    /// Opens the connections, and makes or migrates the schema. Blocks its thread.
    ///
    /// - Parameters:
    ///   - patience: How long to try to reach the database.
    ///   - stop: Gives up waiting for other processes that migrate.
    ///   - logger: Is told when the migration has to wait.
    init(
        _ location: PostgreSQLLocation,
        patience: Duration,
        stop: PostgreSQLStop,
        logger: Logger
    ) throws(StoreError) {
        do {
            let kinds = PostgreSQLLanes.Kind.allCases.flatMap { Array(repeating: $0, count: $0.connections) }
            let connections = try Self.open(location, plannings: kinds.map(\.planning) + [.custom], patience: patience)
            try PostgreSQLPooling.check(connections)
            let last = connections[kinds.count]
            try PostgreSQLMigration.run(last, stop: stop, logger: logger)
            partitions = (try? PostgreSQLPartitions.makeAhead(last)) ?? .made
            for connection in connections { try PostgreSQLLock.shareServing(connection) }
            let pairs = zip(kinds, connections.map(PostgreSQLHandover.init))
            lanes = Dictionary(grouping: pairs, by: \.0).mapValues { $0.map(\.1) }
            listening = PostgreSQLHandover(last)
        } catch {
            throw StoreError(postgreSQL: error)
        }
    }

    /// The connections that a lane begins with.
    func connections(_ kind: PostgreSQLLanes.Kind) -> [PostgreSQLHandover] { lanes[kind] ?? [] }

    /// Opens one connection, and then the others at once. Throws unless all are open.
    private static func open(
        _ location: PostgreSQLLocation,
        plannings: [PostgreSQLConnection.Planning],
        patience: Duration
    ) throws(PostgreSQLError) -> [PostgreSQLConnection] {
        let deadline = ContinuousClock.now.advanced(by: patience)
        let results = Mutex<[Int: Result<PostgreSQLConnection, PostgreSQLError>]>([:])
        let open = { @Sendable (index: Int) in
            var backoff = PostgreSQLBackoff()
            let result = Result { () throws(PostgreSQLError) in
                try backoff.connect(until: deadline) { () throws(PostgreSQLError) in
                    try PostgreSQLConnection(location, planning: plannings[index])
                }
            }
            results.withLock { $0[index] = result }
        }
        open(0)
        // Where one cannot be had the others are not tried: a wrong password is not told ten times.
        if case .success? = results.withLock({ $0[0] }) {
            let group = DispatchGroup()
            for index in plannings.indices.dropFirst() {
                group.enter()
                Thread.detachNewThread {
                    open(index)
                    group.leave()
                }
            }
            group.wait()
        }
        let (opened, problem) = results.withLock { results in
            let inOrder = plannings.indices.compactMap { results[$0] }
            let problem = inOrder.lazy.compactMap { if case .failure(let failure) = $0 { failure } else { nil } }.first
            return (inOrder.compactMap { try? $0.get() }, problem)
        }
        guard let problem else { return opened }
        let advice =
            opened.isEmpty
            ? "" : " (see max_connections, the CONNECTION LIMIT of the role and the database, and a pooler's limits)"
        throw PostgreSQLError(
            .unreachable,
            "\(opened.count) of the \(plannings.count) connections that a process needs could be opened\(advice): \(problem.text)"
        )
    }
}
