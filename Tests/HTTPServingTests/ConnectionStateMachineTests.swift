import Testing

@testable import HTTPServing

/// Every state and every event of a connection, without a channel.
@Suite("States of a connection")
struct ConnectionStateMachineTests {
    private typealias Machine = ConnectionStateMachine

    private static let http11 = Machine.Request()
    private static let http10 = Machine.Request(isHTTP10: true)
    private static let closing = Machine.Request(keepsConnection: false)

    /// Events, by the names that the tables below give them.
    private static let events: [String: @Sendable (inout Machine) -> String] = [
        "head": { "\($0.receiveHead(http11))" },
        "head 1.0": { "\($0.receiveHead(http10))" },
        "head close": { "\($0.receiveHead(closing))" },
        "head HEAD": { "\($0.receiveHead(.init(isHEAD: true)))" },
        "head HEAD 1.0": { "\($0.receiveHead(.init(isHTTP10: true, isHEAD: true)))" },
        "body 60": { "\($0.receiveBody(bytes: 60))" },
        "body 400": { "\($0.receiveBody(bytes: 400))" },
        "body 2000": { "\($0.receiveBody(bytes: 2000))" },
        "end": { "\($0.receiveEnd())" },
        "too long": { "\($0.refuseBody())" },
        "reject": { "\($0.reject())" },
        "expire": { "\($0.expireRequest(hasPartialHead: false))" },
        "expire in head": { "\($0.expireRequest(hasPartialHead: true))" },
        "answer": { name($0.beginAnswer(.init())) },
        "answer draining": { name($0.beginAnswer(.init(isDraining: true))) },
        "answer in chunks": { name($0.beginAnswer(.init(needsChunks: true))) },
        "answer end": { "\($0.endAnswer())" },
        "sent": { $0.finishAnswer() ? "close output" : "nothing" },
        "closed": {
            $0.close()
            return "nothing"
        },
    ]

    private static func name(_ action: Machine.AnswerHeadAction) -> String {
        switch action {
        case .fail: "fail"
        case .write(let connection, let isHTTP10): "write \(connection ?? "-")\(isHTTP10 ? " in 1.0" : "")"
        }
    }

    /// A machine in which these events have happened, separated by commas.
    private static func machine(after events: String) throws -> Machine {
        var machine = Machine(passedBytes: 100, readBytes: 1000)
        for name in events.split(separator: ", ") {
            let event = try #require(Self.events[String(name)])
            _ = event(&machine)
        }
        return machine
    }

    /// One way into each state.
    private static let ways: [(events: String, state: Machine.State)] = [
        ("", .idle),
        ("expire in head", .headExpired),
        ("head, body 60", .awaitingAnswer(http11, .arriving(bodyBytes: 60))),
        ("head, end", .awaitingAnswer(http11, .complete)),
        ("head, body 2000", .awaitingAnswer(http11, .refused)),
        ("head, body 60, answer", .answering(saysClose: false, .arriving(bodyBytes: 60))),
        ("head, end, answer", .answering(saysClose: false, .complete)),
        ("head, answer, too long", .answering(saysClose: false, .refused)),
        ("head close, body 60, answer", .answering(saysClose: true, .arriving(bodyBytes: 60))),
        ("head close, end, answer", .answering(saysClose: true, .complete)),
        ("head, too long, answer", .answering(saysClose: true, .refused)),
        ("head, body 60, answer, answer end", .awaitingRequestEnd(bodyBytes: 60)),
        ("head close, body 60, answer, answer end", .finishing(.discarded(bytes: 60))),
        ("head, too long, answer, answer end", .finishing(.unread)),
        ("head close, body 60, answer, answer end, sent", .lingering(.discarded(bytes: 60))),
        ("head, too long, answer, answer end, sent", .lingering(.unread)),
        ("closed", .closed),
    ]

    @Test("Each state is reached by the events that lead to it", arguments: ConnectionStateMachineTests.ways.indices)
    func reachesState(index: Int) throws {
        #expect(try Self.machine(after: Self.ways[index].events).state == Self.ways[index].state)
    }

    /// For each way above: what a head, a body of 60 bytes, an end and a body that is too long lead to.
    private static let inbound: [(String, String, String, String)] = [
        ("pass", "discard", "discard", "discard"),
        ("discard", "discard", "discard", "discard"),
        ("discard", "passBeginning(bytes: 40)", "pass", "stopReading"),
        ("discard", "discard", "discard", "discard"),
        ("discard", "discard", "discard", "discard"),
        ("discard", "passBeginning(bytes: 40)", "pass", "stopReading"),
        ("discard", "discard", "discard", "discard"),
        ("discard", "discard", "discard", "discard"),
        ("discard", "passBeginning(bytes: 40)", "pass", "stopReading"),
        ("discard", "discard", "discard", "discard"),
        ("discard", "discard", "discard", "discard"),
        ("discard", "passBeginning(bytes: 40)", "pass", "linger"),
        ("discard", "discard", "discard", "discard"),
        ("discard", "discard", "discard", "discard"),
        ("discard", "discard", "discard", "discard"),
        ("discard", "discard", "discard", "discard"),
        ("discard", "discard", "discard", "discard"),
    ]

    @Test(
        "Each part of a request is passed on, cut or thrown away by the state",
        arguments: ConnectionStateMachineTests.ways.indices
    )
    func handlesRequestParts(index: Int) throws {
        let way = Self.ways[index].events
        let expected = Self.inbound[index]
        #expect(try Self.outcome(of: "head", after: way) == expected.0)
        #expect(try Self.outcome(of: "body 60", after: way) == expected.1)
        #expect(try Self.outcome(of: "end", after: way) == expected.2)
        #expect(try Self.outcome(of: "too long", after: way) == expected.3)
        #expect(try Self.outcome(of: "body 2000", after: way) == expected.3)
    }

    /// For each way above: what a request that cannot be read, and the end of its time, lead to.
    private static let refusals: [(reject: String, expire: String)] = [
        ("respond(hasBody: true)", "close"),
        ("respond(hasBody: true)", "close"),
        ("respond(hasBody: true)", "respond(hasBody: true)"),
        ("respond(hasBody: true)", "close"),
        ("ignore", "close"),
        ("close", "close"),
        ("close", "close"),
        ("ignore", "close"),
        ("close", "close"),
        ("close", "close"),
        ("ignore", "close"),
        ("linger", "close"),
        ("ignore", "close"),
        ("ignore", "close"),
        ("ignore", "close"),
        ("ignore", "close"),
        ("ignore", "close"),
    ]

    @Test(
        "A request that cannot be read is answered where its answer has not begun",
        arguments: ConnectionStateMachineTests.ways.indices
    )
    func handlesUnreadableRequests(index: Int) throws {
        let way = Self.ways[index].events
        #expect(try Self.outcome(of: "reject", after: way) == Self.refusals[index].reject)
        #expect(try Self.outcome(of: "expire", after: way) == Self.refusals[index].expire)
    }

    /// For each way above: what the head and the end of an answer lead to, and its being sent.
    private static let answers: [(head: String, end: String, sent: String)] = [
        ("fail", "fail", "nothing"),
        ("fail", "fail", "nothing"),
        ("write -", "fail", "nothing"),
        ("write -", "fail", "nothing"),
        ("write close", "fail", "nothing"),
        ("fail", "write", "nothing"),
        ("fail", "write", "nothing"),
        ("fail", "writeAndFinish", "nothing"),
        ("fail", "writeAndFinish", "nothing"),
        ("fail", "writeAndFinish", "nothing"),
        ("fail", "writeAndFinish", "nothing"),
        ("fail", "fail", "nothing"),
        ("fail", "fail", "close output"),
        ("fail", "fail", "close output"),
        ("fail", "fail", "nothing"),
        ("fail", "fail", "nothing"),
        ("fail", "fail", "nothing"),
    ]

    @Test("An answer is written once for each request", arguments: ConnectionStateMachineTests.ways.indices)
    func handlesAnswers(index: Int) throws {
        let way = Self.ways[index].events
        #expect(try Self.outcome(of: "answer", after: way) == Self.answers[index].head)
        #expect(try Self.outcome(of: "answer end", after: way) == Self.answers[index].end)
        #expect(try Self.outcome(of: "sent", after: way) == Self.answers[index].sent)
    }

    /// What the last event leads to.
    private static func outcome(of event: String, after way: String) throws -> String {
        var machine = try machine(after: way)
        let last = try #require(events[event])
        return last(&machine)
    }

    @Test(
        "The header Connection of an answer follows from the request, the service's stop and the answer's length",
        arguments: [
            ("head, end", "answer", "write -"),
            ("head, end", "answer in chunks", "write -"),
            ("head, end", "answer draining", "write close"),
            ("head close, end", "answer", "write close"),
            ("head 1.0, end", "answer", "write keep-alive"),
            ("head 1.0, end", "answer draining", "write close"),
            ("head 1.0, end", "answer in chunks", "write close in 1.0"),
            ("head HEAD 1.0, end", "answer in chunks", "write keep-alive"),
            ("head, too long", "answer", "write close"),
            ("head 1.0, too long", "answer", "write close"),
        ]
    )
    func persistence(way: String, answer: String, head: String) throws {
        #expect(try Self.outcome(of: answer, after: way) == head)
    }

    @Test("A rejected HEAD is answered without a body", arguments: ["reject", "expire"])
    func rejectedHEAD(event: String) throws {
        #expect(try Self.outcome(of: event, after: "head HEAD") == "respond(hasBody: false)")
    }

    @Test("A body is passed on up to its limit and read up to a higher one")
    func bodyLimits() throws {
        var machine = try Self.machine(after: "head")
        let actions = [40, 60, 0, 1, 800].map { machine.receiveBody(bytes: $0) }
        #expect(actions == [.pass, .pass, .pass, .discard, .discard])
        #expect(machine.receiveBody(bytes: 100) == .stopReading)
        #expect(!machine.reads)
    }

    @Test("The limit on what is read holds for what comes after the last answer, too")
    func discardedRemainder() throws {
        var machine = try Self.machine(after: "head close, body 400, answer, answer end, sent, body 400")
        #expect(machine.reads)
        #expect(machine.receiveBody(bytes: 400) == .discard)
        #expect(machine.state == .lingering(.unread))
        #expect(!machine.reads)
    }

    @Test(
        "Time runs for a client that owes the rest of a request, and for no other",
        arguments: [
            ("", false), ("head", true), ("head, end", false), ("head, answer", true), ("head, end, answer", false),
            ("head, answer, answer end", true), ("head, too long", false), ("head close, answer, answer end", false),
            ("expire in head", false), ("closed", false),
        ]
    )
    func awaitedRequests(way: String, awaits: Bool) throws {
        let machine = try Self.machine(after: way)
        #expect(machine.awaitsRequest(hasPartialHead: false) == awaits)
        #expect(machine.awaitsRequest(hasPartialHead: true) == (awaits || way.isEmpty))
    }

    @Test("A head that does not end in time is answered through the parser's error")
    func lateHead() throws {
        #expect(try Self.outcome(of: "expire in head", after: "") == "reportParserError")
        #expect(try Self.outcome(of: "reject", after: "expire in head") == "respond(hasBody: true)")
        #expect(try Self.machine(after: "expire in head, reject").state == .finishing(.discarded(bytes: 0)))
    }

    @Test("Requests follow each other on a connection that is kept")
    func following() throws {
        var machine = try Self.machine(after: "")
        for _ in 0..<3 {
            #expect(machine.receiveHead(Self.http11) == .pass)
            #expect(machine.receiveBody(bytes: 100) == .pass)
            #expect(machine.receiveEnd() == .pass)
            #expect(machine.beginAnswer(.init()) == .write(connection: nil, isHTTP10: false))
            #expect(machine.takesAnswerParts)
            #expect(machine.endAnswer() == .write)
            #expect(machine.state == .idle)
        }
    }
}
