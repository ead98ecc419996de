import CLibPQ
import Foundation

/// One connection: every call blocks its thread.
///
/// One thread uses it at a time; the one that opened it hands it to the one that works with it.
package final class PostgreSQLConnection: @unchecked Sendable {
    /// Owns a connection of libpq, and closes it.
    private struct Handle: ~Copyable {
        let pointer: OpaquePointer

        deinit { PQfinish(pointer) }
    }

    /// Prepares a connection for whoever works with it.
    package typealias Preparation = @Sendable (PostgreSQLConnection) throws(PostgreSQLError) -> Void

    private let handle: Handle
    private let location: PostgreSQLLocation
    private let planning: Planning
    private var plansEnd = ContinuousClock.now
    /// The names of the statements that are prepared, by their SQL.
    var names: [String: String] = [:]
    /// How many statements were prepared.
    var prepared = 0

    var connection: OpaquePointer { handle.pointer }

    /// Settings that a location may override: they stand before the location, and the last value of a setting counts.
    private static let defaults = [
        ("connect_timeout", "5"), ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "20000"), ("target_session_attrs", "read-write"),
        ("fallback_application_name", "webhook-svc"),
    ]

    /// Connects, within the location's time-out (5 s for each address unless it says otherwise).
    ///
    /// - Parameters:
    ///   - onOpen: Prepares the connection once its session is set up.
    ///   - stop: Says when the thread that works with the connection gives up on it.
    package init(
        _ location: PostgreSQLLocation,
        planning: Planning = .custom,
        onOpen: Preparation? = nil,
        stop: PostgreSQLStop? = nil
    ) throws(PostgreSQLError) {
        self.location = location
        self.planning = planning
        self.stop = stop
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
        else { throw PostgreSQLError(.unreachable, "out of memory") }
        handle = Handle(pointer: opened)
        guard PQstatus(connection) == CONNECTION_OK else {
            var text = location.redacted(String(cString: PQerrorMessage(connection)))
            if text.contains("session is read-only") {
                text += "; it is a standby, or default_transaction_read_only is on; name the primary"
            }
            throw PostgreSQLError(.unreachable, text)
        }
        PQsetNoticeReceiver(connection, { _, _ in }, nil)
        do {
            try execute(Self.session + planning.rawValue)
            try setWhatIsNotEverywhere()
            try onOpen?(self)
        } catch {
            throw PostgreSQLError(.unreachable, error.text, code: error.code)
        }
    }

    /// Servers before 14 have none of these, and some systems cannot watch a client.
    private func setWhatIsNotEverywhere() throws(PostgreSQLError) {
        guard serverVersion >= 14_00_00 else { return }
        for setting in ["client_connection_check_interval = '2s'", "idle_session_timeout = 0"] {
            do {
                try execute("SET \(setting)")
            } catch  where error.kind == .statement {}
        }
    }

    /// 150004 for 15.4.
    package var serverVersion: Int { Int(PQserverVersion(connection)) }
    /// The number of the server's process, as told when the connection was made. A pooler tells a number of its own.
    var toldProcess: Int64 { Int64(PQbackendPID(connection)) }

    /// Asks the server to stop the statement that is being carried out. Waits for the server, and for ever for a server that is
    /// halted.
    func cancel() {
        guard let request = PQgetCancel(connection) else { return }
        defer { PQfreeCancel(request) }
        var problem = [CChar](repeating: 0, count: 256)
        // Whether it was heard cannot be known: the answer is the same.
        _ = PQcancel(request, &problem, Int32(problem.count))
    }

    /// A commit that was answered must survive a crash even if a role or a database is set to `synchronous_commit = off`.
    ///
    /// No work stands between the round trips of a transaction. So a transaction that is idle for 3 s belongs to a process that
    /// is frozen, and others wait for its locks.
    private static let session = """
        SET statement_timeout = '15s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '3s';
        SET default_transaction_isolation = 'read committed'; SET jit = off;
        SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
        """

    /// How long the connection waits for the answer to a statement; nil for as long as the answer takes. The limit is longer
    /// than the time that the server gives the statement itself: a server that is halted, or a host that is gone, says nothing.
    /// Each job begins with the usual limit.
    package var answerLimit: Duration? = usualAnswerLimit
    package static let usualAnswerLimit = Duration.seconds(17)
    private var isGivenUp = false
    /// How often the connection has waited for an answer.
    var roundTrips = 0
    /// Says when the thread that works with the connection gives up on it.
    var stop: PostgreSQLStop?

    var isOpen: Bool { !isGivenUp && PQstatus(connection) == CONNECTION_OK }
    var descriptor: Int32 { PQsocket(connection) }

    /// Whether the server has not hung up while the connection was idle, as far as that can be seen without asking it.
    func isUsable() -> Bool {
        guard isOpen else { return false }
        guard Self.isReadable(descriptor, milliseconds: 0) else { return true }
        return PQconsumeInput(connection) == 1 && isOpen
    }

    /// Has the server plan statements again that it planned more than a second ago.
    func renewPlans() throws(PostgreSQLError) {
        guard planning == .fixed, plansEnd <= .now else { return }
        try execute("DISCARD PLANS")
        plansEnd = .now.advanced(by: .seconds(1))
    }

    static func isReadable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Foundation.poll(&poll, 1, milliseconds) > 0
    }

    /// The notifications that have come in, by their payload.
    func notifications() throws(PostgreSQLError) -> [String] {
        guard PQconsumeInput(connection) == 1 else { throw failure() }
        var payloads: [String] = []
        while let notification = PQnotifies(connection) {
            payloads.append(String(cString: notification.pointee.extra))
            PQfreemem(notification)
        }
        return payloads
    }

    /// Returns the next result of the statements that were sent; nil when there is no more. Throws when it does not come.
    func nextResult() throws(PostgreSQLError) -> OpaquePointer? {
        guard let answerLimit else { return PQgetResult(connection) }
        let deadline = ContinuousClock.now.advanced(by: answerLimit)
        while PQisBusy(connection) == 1 {
            guard waitUntilReadable(deadline) else {
                isGivenUp = true
                // The server sees soon that nobody is there any more.
                if let stop, stop.isOver { throw PostgreSQLError(.lost, "the store is closed") }
                // Else its backend would go on, for as long as a COMMIT waits for a standby, and others would pile up.
                PostgreSQLCancellation.request(by: self)
                throw PostgreSQLError(.lost, "no answer within \(answerLimit.components.seconds) s")
            }
            guard PQconsumeInput(connection) == 1 else { throw failure() }
        }
        return PQgetResult(connection)
    }

    /// Returns whether something has come before the deadline, and before the connection was stopped.
    private func waitUntilReadable(_ deadline: ContinuousClock.Instant) -> Bool {
        while true {
            let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            guard left > 0 else { return false }
            if Self.isReadable(descriptor, milliseconds: min(Int32(left) + 1, Self.stopInterval)) { return true }
            if let stop, stop.isOver { return false }
        }
    }

    /// How often a connection that waits looks whether it was stopped, in milliseconds.
    private static let stopInterval: Int32 = 250

    func failure(_ result: OpaquePointer? = nil) -> PostgreSQLError {
        guard isOpen else {
            return PostgreSQLError(.lost, location.redacted(String(cString: PQerrorMessage(connection))))
        }
        func field(_ code: Character) -> String {
            PQresultErrorField(result, Int32(code.asciiValue ?? 0)).map { String(cString: $0) } ?? ""
        }
        let code = field("C")
        guard !code.isEmpty else {
            return PostgreSQLError(.lost, location.redacted(String(cString: PQerrorMessage(connection))))
        }
        return PostgreSQLError(code: code, message: field("M"))
    }
}
