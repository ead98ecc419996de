import CLibPQ

extension PostgreSQLConnection {
    /// A statement with its parameters. A connection plans a prepared statement once.
    package struct Call {
        let sql: String
        let values: [PostgreSQLValue]
        let isPrepared: Bool

        package init(_ sql: String, _ values: [PostgreSQLValue] = [], isPrepared: Bool = true) {
            (self.sql, self.values, self.isPrepared) = (sql, values, isPrepared)
        }

        package static let begin = Call("BEGIN", isPrepared: false)
        package static let commit = Call("COMMIT", isPrepared: false)
    }

    /// How statements are planned.
    package enum Planning: String {
        /// Statements are planned each time, for their parameters and for the present sizes of the tables. This is for
        /// statements that are sent now and then. The server would otherwise keep a plan that it made while a table was empty.
        case custom = "SET plan_cache_mode = force_custom_plan;"
        /// Statements are planned once a second, and through indexes whatever the statistics say, because these lag behind a
        /// queue that fills and drains. The server would otherwise keep a plan that was made when a table was empty, and such
        /// a plan is the worst one for a full table.
        case fixed = """
            SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;
            SET enable_mergejoin = off; SET enable_bitmapscan = off;
            """
    }

    /// Carries out any number of statements without parameters.
    package func execute(_ sql: String) throws(PostgreSQLError) {
        guard PQsendQuery(connection, sql) == 1 else { throw failure() }
        roundTrips += 1
        var problem: PostgreSQLError?
        while let result = try nextResult() {
            defer { PQclear(result) }
            let status = PQresultStatus(result)
            if status != PGRES_COMMAND_OK, status != PGRES_TUPLES_OK { problem = problem ?? failure(result) }
        }
        if let problem { throw problem }
    }

    /// Carries out one statement, which is a transaction of its own unless one is open.
    @discardableResult
    package func run(_ sql: String, _ values: [PostgreSQLValue] = []) throws(PostgreSQLError) -> PostgreSQLRows {
        try run([Call(sql, values)])[0]
    }

    /// Carries out statements in one round trip. No statement is carried out after one that fails. The statements are one
    /// transaction unless one is open.
    ///
    /// Only the answer to the last statement may be long: a connection that blocks does not read while it sends.
    @discardableResult
    package func run(_ calls: [Call]) throws(PostgreSQLError) -> [PostgreSQLRows] {
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
        var problem: PostgreSQLError?
        for (index, call) in calls.enumerated() {
            if let sql = preparing[index], let found = try read(problem: &problem), !found.isSuccess {
                names[sql] = nil
            }
            guard let found = try read(problem: &problem), found.isSuccess else { continue }
            let rows = PostgreSQLRows(found.result)
            // A transaction that has failed answers a COMMIT with ROLLBACK, as a success.
            if call.sql == "COMMIT", rows.command != "COMMIT", problem == nil {
                problem = PostgreSQLError(.statement, "the transaction was rolled back")
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
    package func rollBack() throws(PostgreSQLError) {
        guard isOpen else { throw PostgreSQLError(.lost, "the connection is closed") }
        if PQtransactionStatus(connection) != PQTRANS_IDLE { try execute("ROLLBACK") }
    }

    private func send(_ call: Call) throws(PostgreSQLError) {
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

    /// Reads the answer to one message of a pipeline. The caller frees a successful result.
    private func read(
        problem: inout PostgreSQLError?
    ) throws(PostgreSQLError) -> (result: OpaquePointer, isSuccess: Bool)? {
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
}
