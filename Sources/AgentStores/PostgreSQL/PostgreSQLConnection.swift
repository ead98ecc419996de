import CLibPQ
import Foundation

/// One connection: every call blocks its thread.
///
/// One thread uses it at a time; the one that opened it hands it to the one that works with it.
final class PostgreSQLConnection: @unchecked Sendable {
    /// A statement with its parameters. What is prepared is planned once for each connection.
    struct Call {
        let sql: String
        let values: [PostgreSQLValue]
        let isPrepared: Bool

        init(_ sql: String, _ values: [PostgreSQLValue] = [], isPrepared: Bool = true) {
            self.sql = sql
            self.values = values
            self.isPrepared = isPrepared
        }

        static let begin = Call("BEGIN", isPrepared: false)
        static let commit = Call("COMMIT", isPrepared: false)
    }

    /// How statements are planned.
    enum Planning: String {
        /// Anew for what is bound and for how large the tables are then; for what is asked now and then. The server would
        /// keep a plan that it made while a table was empty.
        case custom = "SET plan_cache_mode = force_custom_plan;"
        /// Once a second, through indexes whatever the statistics say: they lag behind a queue that fills and drains. A
        /// plan that was made when a table was empty is worst when it is not, and the server would keep it.
        case fixed = """
            SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;
            SET enable_mergejoin = off; SET enable_bitmapscan = off;
            """
    }

    private let connection: OpaquePointer
    private let location: PostgreSQLLocation
    private let planning: Planning
    private var plansEnd = ContinuousClock.now
    private var names: [String: String] = [:]
    private var prepared = 0

    /// What a location may say otherwise: it stands before the location, and the last one counts.
    private static let defaults = [
        ("connect_timeout", "5"), ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "20000"), ("target_session_attrs", "read-write"),
        ("fallback_application_name", "webhook-svc"),
    ]

    /// Connects, within the location's time-out (5 s for each address unless it says otherwise).
    ///
    /// - Parameter isServing: Whether it belongs to a process that serves the store, which is there already.
    init(
        _ location: PostgreSQLLocation,
        planning: Planning = .custom,
        isServing: Bool = false
    ) throws(PostgreSQLFailure) {
        self.location = location
        self.planning = planning
        let options = Self.defaults + [("dbname", location.connectionString), ("client_encoding", "UTF8")]
        let keywords = options.map { strdup($0.0) }
        let values = options.map { strdup($0.1) }
        defer { (keywords + values).forEach { free($0) } }
        guard
            let opened = PQconnectdbParams(
                keywords.map { UnsafePointer($0) } + [nil],
                values.map { UnsafePointer($0) } + [nil],
                1
            )
        else { throw PostgreSQLFailure(.unreachable, "out of memory") }
        connection = opened
        guard PQstatus(connection) == CONNECTION_OK else {
            var text = location.redacted(String(cString: PQerrorMessage(connection)))
            if text.contains("session is read-only") {
                text += "; it is a standby, or default_transaction_read_only is on; name the primary"
            }
            throw PostgreSQLFailure(.unreachable, text)
        }
        PQsetNoticeReceiver(connection, { _, _ in }, nil)
        do {
            try execute(Self.session + planning.rawValue)
            try setWhatIsNotEverywhere()
            if isServing { try shareServing() }
        } catch {
            throw PostgreSQLFailure(.unreachable, error.text, code: error.code)
        }
    }

    /// Servers before 14 have none of these, and some systems cannot watch a client.
    private func setWhatIsNotEverywhere() throws(PostgreSQLFailure) {
        guard serverVersion >= 14_00_00 else { return }
        for setting in ["client_connection_check_interval = '2s'", "idle_session_timeout = 0"] {
            do {
                try execute("SET \(setting)")
            } catch  where error.kind == .statement {}
        }
    }

    /// Tells `store copy` that a process serves the store, for as long as the connection lives.
    func shareServing() throws(PostgreSQLFailure) {
        let isTaken = try run(
            "SELECT pg_try_advisory_lock_shared(\(PostgreSQLLock.serving), 'webhook'::regclass::oid::int4)"
        )
        guard isTaken[0].bool(0) else {
            throw PostgreSQLFailure(.statement, "'store copy' works on this store; it ends before a service can start")
        }
    }

    /// 150004 for 15.4.
    var serverVersion: Int { Int(PQserverVersion(connection)) }
    /// As the server told it when the connection was made. A pooler tells a number of its own.
    var toldProcess: Int64 { Int64(PQbackendPID(connection)) }

    deinit {
        PQfinish(connection)
    }

    /// Asks the server to stop what is being carried out. Waits for the server, for ever when that is halted.
    func cancel() {
        guard let request = PQgetCancel(connection) else { return }
        defer { PQfreeCancel(request) }
        var problem = [CChar](repeating: 0, count: 256)
        // Whether it was heard cannot be known: the answer is the same.
        _ = PQcancel(request, &problem, Int32(problem.count))
    }

    /// What is answered must survive a crash even where a role or a database is set to `synchronous_commit = off`.
    ///
    /// No work stands between the round trips of a transaction, so one that is idle for 3 s belongs to a process that is
    /// frozen, and others wait for what it holds.
    private static let session = """
        SET statement_timeout = '15s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '3s';
        SET default_transaction_isolation = 'read committed'; SET jit = off;
        SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
        """

    /// How long a statement's answer is waited for, beyond the time that the server gives the statement itself: a server
    /// that is halted, or a host that is gone, says nothing. nil for as long as it takes.
    /// Each job begins with the usual one.
    var answerLimit: Duration? = usualAnswerLimit
    static let usualAnswerLimit = Duration.seconds(17)
    private var isGivenUp = false
    /// How often something was sent whose answer was waited for.
    private(set) var roundTrips = 0

    var isOpen: Bool { !isGivenUp && PQstatus(connection) == CONNECTION_OK }
    var descriptor: Int32 { PQsocket(connection) }

    /// Whether the server has not hung up while the connection was idle, as far as that can be seen without asking it.
    func isUsable() -> Bool {
        guard isOpen else { return false }
        guard Self.isReadable(descriptor, milliseconds: 0) else { return true }
        return PQconsumeInput(connection) == 1 && isOpen
    }

    /// Has statements planned anew that were planned some time ago.
    func renewPlans() throws(PostgreSQLFailure) {
        guard planning == .fixed, plansEnd <= .now else { return }
        try execute("DISCARD PLANS")
        plansEnd = .now.advanced(by: .seconds(1))
    }

    static func isReadable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Foundation.poll(&poll, 1, milliseconds) > 0
    }

    /// The notifications that have come in, by their payload.
    func notifications() throws(PostgreSQLFailure) -> [String] {
        guard PQconsumeInput(connection) == 1 else { throw failure() }
        var payloads: [String] = []
        while let notification = PQnotifies(connection) {
            payloads.append(String(cString: notification.pointee.extra))
            PQfreemem(notification)
        }
        return payloads
    }

    /// Carries out any number of statements without parameters.
    func execute(_ sql: String) throws(PostgreSQLFailure) {
        guard PQsendQuery(connection, sql) == 1 else { throw failure() }
        roundTrips += 1
        var problem: PostgreSQLFailure?
        while let result = try nextResult() {
            defer { PQclear(result) }
            let status = PQresultStatus(result)
            if status != PGRES_COMMAND_OK, status != PGRES_TUPLES_OK { problem = problem ?? failure(result) }
        }
        if let problem { throw problem }
    }

    /// The next result of what was sent, nil when there is no more. Throws when it does not come.
    private func nextResult() throws(PostgreSQLFailure) -> OpaquePointer? {
        guard let answerLimit else { return PQgetResult(connection) }
        let deadline = ContinuousClock.now.advanced(by: answerLimit)
        while PQisBusy(connection) == 1 {
            let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            guard left > 0, Self.isReadable(descriptor, milliseconds: Int32(left) + 1) else {
                isGivenUp = true
                // Else its backend would go on, for as long as a COMMIT waits for a standby, and others would pile up.
                PostgreSQLCancellation.request(by: self)
                throw PostgreSQLFailure(.lost, "no answer within \(answerLimit.components.seconds) s")
            }
            guard PQconsumeInput(connection) == 1 else { throw failure() }
        }
        return PQgetResult(connection)
    }

    /// Carries out one statement; a transaction of its own unless one is open.
    @discardableResult
    func run(_ sql: String, _ values: [PostgreSQLValue] = []) throws(PostgreSQLFailure) -> PostgreSQLRows {
        try run([Call(sql, values)])[0]
    }

    /// Carries out statements in one round trip; after the first that fails none is. Outside of a transaction they are
    /// one.
    ///
    /// The server may send much only in answer to the last of them: a connection that blocks does not read while it
    /// sends.
    @discardableResult
    func run(_ calls: [Call]) throws(PostgreSQLFailure) -> [PostgreSQLRows] {
        guard PQenterPipelineMode(connection) == 1 else { throw failure() }
        var preparing: [Int: String] = [:]
        for (index, call) in calls.enumerated() {
            if call.isPrepared, names[call.sql] == nil, !preparing.values.contains(call.sql) {
                let types = call.values.map(\.type)
                prepared += 1
                let name = "s\(prepared)"
                guard PQsendPrepare(connection, name, call.sql, Int32(types.count), types) == 1 else { throw failure() }
                preparing[index] = call.sql
                names[call.sql] = name
            }
            try send(call)
        }
        guard PQpipelineSync(connection) == 1 else { throw failure() }
        roundTrips += 1
        var results: [PostgreSQLRows] = []
        var problem: PostgreSQLFailure?
        for (index, call) in calls.enumerated() {
            if let sql = preparing[index], let found = try read(problem: &problem), !found.isSuccess {
                names[sql] = nil
            }
            guard let found = try read(problem: &problem), found.isSuccess else { continue }
            let rows = PostgreSQLRows(found.result)
            // A transaction that has failed answers a COMMIT with ROLLBACK, as a success.
            if call.sql == "COMMIT", rows.command != "COMMIT", problem == nil {
                problem = PostgreSQLFailure(.statement, "the transaction was rolled back")
            }
            results.append(rows)
        }
        guard let sync = try nextResult() else { throw failure() }
        PQclear(sync)
        guard PQexitPipelineMode(connection) == 1, isOpen else { throw problem ?? failure() }
        if let problem { throw problem }
        return results
    }

    /// Ends a transaction that has failed or was given up, so that the connection can be used again.
    func rollBack() throws(PostgreSQLFailure) {
        guard isOpen else { throw PostgreSQLFailure(.lost, "the connection is closed") }
        if PQtransactionStatus(connection) != PQTRANS_IDLE { try execute("ROLLBACK") }
    }

    private func send(_ call: Call) throws(PostgreSQLFailure) {
        var buffer: [UInt8] = []
        let ranges: [Range<Int>?] = call.values.map { value in
            let start = buffer.count
            return value.encode(into: &buffer) ? start..<buffer.count : nil
        }
        // A value without bytes has an address all the same, or it would be null.
        buffer.append(0)
        let isSent = buffer.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { bytes in
                let addresses = ranges.map { range in range.flatMap { bytes.baseAddress?.advanced(by: $0.lowerBound) } }
                let lengths = ranges.map { Int32($0?.count ?? 0) }
                let formats = [Int32](repeating: 1, count: ranges.count)
                guard call.isPrepared, let name = names[call.sql] else {
                    let types = call.values.map(\.type)
                    return PQsendQueryParams(
                        connection,
                        call.sql,
                        Int32(ranges.count),
                        types,
                        addresses,
                        lengths,
                        formats,
                        1
                    )
                }
                return PQsendQueryPrepared(connection, name, Int32(ranges.count), addresses, lengths, formats, 1)
            }
        }
        guard isSent == 1 else { throw failure() }
    }

    /// Reads what one message of a pipeline was answered with. The caller frees a successful result.
    private func read(
        problem: inout PostgreSQLFailure?
    ) throws(PostgreSQLFailure) -> (result: OpaquePointer, isSuccess: Bool)? {
        guard let result = try nextResult() else { throw failure() }
        let status = PQresultStatus(result)
        let isSuccess = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
        if !isSuccess {
            defer { PQclear(result) }
            if problem == nil { problem = failure(result) }
            guard isOpen else { throw problem ?? failure() }
        }
        // Every message's results end with none.
        if let more = try nextResult() { PQclear(more) }
        return (result, isSuccess)
    }

    private func failure(_ result: OpaquePointer? = nil) -> PostgreSQLFailure {
        guard isOpen else {
            return PostgreSQLFailure(.lost, location.redacted(String(cString: PQerrorMessage(connection))))
        }
        func field(_ code: Character) -> String {
            PQresultErrorField(result, Int32(code.asciiValue ?? 0)).map { String(cString: $0) } ?? ""
        }
        let code = field("C")
        guard !code.isEmpty else {
            return PostgreSQLFailure(.lost, location.redacted(String(cString: PQerrorMessage(connection))))
        }
        return PostgreSQLFailure(code: code, message: field("M"))
    }
}
