import StoreContracts
import Testing

extension StoreSuite {
    static let sessions = [
        StoreCase("A session is found by its key and by no other", run: sessionByKey),
        StoreCase("A use counts forward only, and brings no ended session back", run: usesCountForward),
        StoreCase("Sessions are listed by their last use, at most so many", run: listsSessionsByUse),
        StoreCase("Tenant, user in any case and id restrict sessions, and do so together", run: filtersSessions),
        StoreCase("A user is the same however the name is composed", run: composedUserNames),
        StoreCase("Sessions end by the same filters, are counted, and leave the others", run: endsSessions),
        StoreCase("Pruning removes the sessions that were used before a time", run: prunesSessions),
        StoreCase("Pruning removes so many sessions at a step and says whether there may be more", run: sessionSteps),
        StoreCase("An insert keeps the sessions that its user used last, and everybody else's", run: limitsSessions),
        StoreCase("Sessions of names with characters of SQL or beyond ASCII are only theirs", run: sessionNames),
        StoreCase("A reset leaves sessions alone", run: resetKeepsSessions),
        StoreCase("Sessions that begin, are used and end at once are as each was left", run: sessionsAtOnce),
        StoreCase("Of uses at once the last counts, and none undoes an end", run: usesAtOnce),
        StoreCase("Inserts at once keep the sessions that were used last", run: limitAtOnce),
    ]

    private static func key(_ number: Int) -> SessionKey {
        SessionKey(digest: (0..<32).map { UInt8(truncatingIfNeeded: number >> ($0 % 2 * 8)) ^ UInt8($0) })
    }

    /// A session that was last used so many seconds after the start.
    private static func session(
        _ number: Int,
        tenant: String = "Default",
        user: String = "anna",
        used seconds: Int = 0
    ) -> Session {
        Session(
            key: key(number),
            tenant: tenant,
            userName: user,
            created: Sample.start,
            used: Sample.after(.seconds(seconds))
        )
    }

    private static func sessionByKey(_ store: any AgentStore) async throws {
        let inserted = session(1, tenant: "Cust1", user: "Anna", used: 5)
        try await store.insert(inserted, limit: 10)
        #expect(try await store.session(inserted.key) == inserted)
        let digest = inserted.key.digest
        var changed = digest
        changed[31] ^= 1
        for other in [changed, Array(digest.prefix(31)), digest + [0], []] {
            #expect(try await store.session(SessionKey(digest: other)) == nil)
        }
    }

    private static func usesCountForward(_ store: any AgentStore) async throws {
        let kept = session(1)
        let ended = session(2)
        for session in [kept, ended] { try await store.insert(session, limit: 10) }
        for (seconds, expected) in [(5, 5), (3, 5), (5, 5), (6, 6), (-1, 6)] {
            try await store.useSession(kept.key, at: Sample.after(.seconds(seconds)))
            #expect(try await store.session(kept.key) == session(1, used: expected))
        }
        #expect(try await store.session(ended.key) == ended)
        #expect(try await store.endSessions(matching: SessionFilter(id: ended.key.id)) == 1)
        try await store.useSession(ended.key, at: Sample.after(.seconds(9)))
        #expect(try await store.session(ended.key) == nil)
        #expect(try await store.listed().map(\.key) == [kept.key])
    }

    private static func listsSessionsByUse(_ store: any AgentStore) async throws {
        #expect(try await store.listed().isEmpty)
        for (number, seconds) in [(1, 30), (2, 10), (3, 20)] {
            try await store.insert(session(number, user: "user \(number)", used: seconds), limit: 10)
        }
        var begunLater = session(4, used: 20)
        begunLater.created = Sample.after(.seconds(1))
        try await store.insert(begunLater, limit: 10)
        #expect(try await store.listed().map(\.key) == [1, 4, 3, 2].map(key))
        for limit in 0..<4 {
            #expect(try await store.listed(limit: limit).map(\.key) == [1, 4, 3, 2].prefix(limit).map(key))
        }
        try await store.useSession(key(2), at: Sample.after(.seconds(40)))
        #expect(try await store.listed().map(\.key) == [2, 1, 4, 3].map(key))
        #expect(try await store.listed(SessionFilter(tenant: "Default"), limit: 1).map(\.key) == [key(2)])
    }

    // MARK: Filters

    private static let someSessions = [
        session(0xABCD, tenant: "Cust1", user: "Anna", used: 4),
        session(2, tenant: "Cust1", user: "bert", used: 3),
        session(3, tenant: "Cust2", user: "ANNA", used: 2),
        session(4, tenant: "cust1", user: "bert", used: 1),
    ]

    /// Filters, and which of ``someSessions`` pass.
    private static let filtersOfSessions: [(filter: SessionFilter, passing: [Int])] = [
        (SessionFilter(), [0, 1, 2, 3]),
        (SessionFilter(tenant: "Cust1"), [0, 1]),
        (SessionFilter(tenant: "CUST1"), []),
        (SessionFilter(tenant: ""), []),
        (SessionFilter(userName: "anna"), [0, 2]),
        (SessionFilter(userName: "aNNa"), [0, 2]),
        (SessionFilter(userName: "BERT"), [1, 3]),
        (SessionFilter(userName: "ann"), []),
        (SessionFilter(userName: ""), []),
        (SessionFilter(id: key(0xABCD).id), [0]),
        (SessionFilter(id: key(1).id), []),
        (SessionFilter(id: String(key(0xABCD).id.dropLast())), []),
        (SessionFilter(id: ""), []),
        (SessionFilter(tenant: "Cust1", userName: "Bert"), [1]),
        (SessionFilter(tenant: "Cust2", userName: "bert"), []),
        (SessionFilter(userName: "anna", id: key(3).id), [2]),
        (SessionFilter(tenant: "Cust1", userName: "anna", id: key(3).id), []),
        (SessionFilter(tenant: "Cust1", userName: "anna", id: key(0xABCD).id), [0]),
    ]

    private static func filtersSessions(_ store: any AgentStore) async throws {
        for session in someSessions { try await store.insert(session, limit: 10) }
        for (filter, passing) in filtersOfSessions {
            #expect(try await store.listed(filter) == passing.map { someSessions[$0] })
        }
    }

    private static func composedUserNames(_ store: any AgentStore) async throws {
        let forms = ["Ren\u{E9}", "Rene\u{301}", "REN\u{C9}"]
        for (number, form) in forms.enumerated() {
            try await store.insert(session(number, user: form, used: number), limit: 2)
        }
        for form in forms {
            #expect(try await store.listed(SessionFilter(userName: form)).map(\.key) == [key(2), key(1)])
        }
        #expect(try await store.endSessions(matching: SessionFilter(userName: forms[1])) == 2)
    }

    private static func endsSessions(_ store: any AgentStore) async throws {
        for (filter, passing) in filtersOfSessions {
            for session in someSessions { try await store.insert(session, limit: 10) }
            #expect(try await store.endSessions(matching: filter) == passing.count)
            let others = someSessions.indices.filter { !passing.contains($0) }.map { someSessions[$0] }
            #expect(try await store.listed() == others)
            for index in passing { #expect(try await store.session(someSessions[index].key) == nil) }
            #expect(try await store.endSessions(matching: filter) == 0)
            #expect(try await store.endSessions(matching: SessionFilter()) == others.count)
            #expect(try await store.listed().isEmpty)
        }
    }

    // MARK: Pruning and limits

    private static func prunesSessions(_ store: any AgentStore) async throws {
        for number in 0..<5 { try await store.insert(session(number, used: number), limit: 10) }
        try await store.useSession(key(0), at: Sample.after(.seconds(9)))
        #expect(try await store.pruneSessions(usedBefore: Sample.after(.seconds(1)), limit: 100) == false)
        #expect(try await store.listed().map(\.key) == [0, 4, 3, 2, 1].map(key), "what was used then is kept")
        #expect(try await store.pruneSessions(usedBefore: Sample.after(.seconds(3)), limit: 100) == false)
        #expect(try await store.listed().map(\.key) == [0, 4, 3].map(key))
        #expect(try await store.pruneSessions(usedBefore: Sample.farFuture, limit: 100) == false)
        #expect(try await store.listed().isEmpty)
    }

    private static func sessionSteps(_ store: any AgentStore) async throws {
        for number in 0..<5 { try await store.insert(session(number), limit: 10) }
        try await store.insert(session(5, used: 10), limit: 10)
        for (isMore, left) in [(true, 4), (true, 2), (false, 1), (false, 1)] {
            #expect(try await store.pruneSessions(usedBefore: Sample.after(.seconds(10)), limit: 2) == isMore)
            #expect(try await store.listed().count == left)
        }
        #expect(try await store.listed().map(\.key) == [key(5)])
    }

    private static func limitsSessions(_ store: any AgentStore) async throws {
        let others = [session(100, user: "bert"), session(101, tenant: "Cust2"), session(102, user: "anna2")]
        for session in others { try await store.insert(session, limit: 1) }
        func expectOfAnna(_ numbers: [Int], _ location: SourceLocation = #_sourceLocation) async throws {
            let found = try await store.listed(SessionFilter(tenant: "Default", userName: "anna"))
            #expect(found.map(\.key) == numbers.map(key), sourceLocation: location)
        }
        for number in 1...5 { try await store.insert(session(number, used: number), limit: 3) }
        try await expectOfAnna([5, 4, 3])
        try await store.useSession(key(3), at: Sample.after(.seconds(9)))
        try await store.insert(session(6, user: "ANNA", used: 6), limit: 3)
        try await expectOfAnna([3, 6, 5])
        try await store.insert(session(7, used: 10), limit: 4)
        try await expectOfAnna([7, 3, 6, 5])
        try await store.insert(session(8, used: 11), limit: 1)
        try await expectOfAnna([8])
        for session in others { #expect(try await store.session(session.key) == session) }
    }

    private static func sessionNames(_ store: any AgentStore) async throws {
        let names = [
            "100%", "100x", "a_b", "axb", "O'Brien", "say \"hi\"", "back\\slash", "'; DROP TABLE session; --", "?",
            ":tenant", "%", "_", "*", "NULL", "", " ", "a\nb", "\u{1F511} \u{43A}\u{43B}\u{44E}\u{447}", "Bj\u{F8}rn",
        ]
        for (number, name) in names.enumerated() {
            try await store.insert(session(number, tenant: name, user: name), limit: 1)
        }
        for (number, name) in names.enumerated() {
            let expected = [session(number, tenant: name, user: name)]
            #expect(try await store.listed(SessionFilter(tenant: name)) == expected)
            #expect(try await store.listed(SessionFilter(userName: name)) == expected)
        }
        let inCapitals = SessionFilter(userName: "\u{1F511} \u{41A}\u{41B}\u{42E}\u{427}")
        #expect(try await store.listed(inCapitals).count == 1)
        #expect(try await store.endSessions(matching: SessionFilter(userName: "BJ\u{D8}RN")) == 1)
        #expect(try await store.endSessions(matching: SessionFilter(tenant: "'; DROP TABLE session; --")) == 1)
        #expect(try await store.listed().count == names.count - 2)
    }

    private static func resetKeepsSessions(_ store: any AgentStore) async throws {
        for session in someSessions { try await store.insert(session, limit: 10) }
        _ = try await store.add(Sample.webhook())
        try await store.reset()
        #expect(try await store.names().isEmpty)
        #expect(try await store.listed() == someSessions)
    }

    // MARK: Concurrency

    private static func sessionsAtOnce(_ store: any AgentStore) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<16 {
                group.addTask {
                    for round in 0..<20 {
                        let own = session(task * 20 + round, user: "user \(task % 4)")
                        try await store.insert(own, limit: 1000)
                        for seconds in [round, round + 5, 1] {
                            try await store.useSession(own.key, at: Sample.after(.seconds(seconds)))
                        }
                        if round % 2 == 0 {
                            let ended = try await store.endSessions(matching: SessionFilter(id: own.key.id))
                            #expect(ended == 1)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let left = try await store.listed()
        #expect(left.count == 160)
        let expected = (0..<320).filter { $0 % 2 == 1 }.map { number in
            session(number, user: "user \(number / 20 % 4)", used: number % 20 + 5)
        }
        #expect(Set(left) == Set(expected))
    }

    private static func usesAtOnce(_ store: any AgentStore) async throws {
        let shared = session(1)
        let gone = session(2)
        for session in [shared, gone] { try await store.insert(session, limit: 10) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for step in 0..<25 {
                        for session in [shared, gone] {
                            try await store.useSession(session.key, at: Sample.after(.seconds(task * 25 + step)))
                        }
                    }
                }
            }
            group.addTask {
                let ended = try await store.endSessions(matching: SessionFilter(id: gone.key.id))
                #expect(ended == 1)
            }
            try await group.waitForAll()
        }
        #expect(try await store.listed() == [session(1, used: 199)])
    }

    private static func limitAtOnce(_ store: any AgentStore) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<10 {
                        let number = round * 8 + task
                        try await store.insert(session(number, used: number), limit: 10)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.listed().map(\.key) == (70..<80).reversed().map(key))
    }
}

extension SessionStore {
    fileprivate func listed(_ filter: SessionFilter = SessionFilter(), limit: Int = 1000) async throws -> [Session] {
        try await sessions(matching: filter, limit: limit)
    }
}
