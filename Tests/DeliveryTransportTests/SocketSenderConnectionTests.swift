import DeliveryTransport
import Foundation
import NIOCore
import TestSupport
import Testing
import WebhookModel

@Suite("Connections of the socket sender", .timeLimit(.minutes(5)))
struct SocketSenderConnectionTests {
    private func expectDelivered(_ outcome: SendOutcome, _ location: SourceLocation = #_sourceLocation) {
        #expect(outcome.summary == "HTTP/1.1 200 OK", sourceLocation: location)
    }

    @Test("Uses a connection again")
    func reuse() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK", Array("some".utf8))) { receiver, sender in
            for _ in 0..<5 { expectDelivered(await sender.send(.sample(to: receiver.url))) }
            #expect(receiver.connections.value.opened.count == 1)
            #expect(receiver.requests.value.count == 5)
        }
    }

    @Test(
        "Uses no connection again that the target wants to end",
        arguments: ["HTTP/1.1 200 OK\r\nConnection: close", "HTTP/1.0 200 OK"]
    )
    func notReused(head: String) async throws {
        try await Receiver.with(.http(head)) { receiver, sender in
            for _ in 0..<3 { expectDelivered(await sender.send(.sample(to: receiver.url))) }
            #expect(receiver.connections.value.opened.count == 3)
            try await receiver.connections.wait { $0.open == 0 }
        }
    }

    @Test("Shows no failure when the target closes idle connections")
    func closedWhileIdle() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            for _ in 0..<20 {
                expectDelivered(await sender.send(.sample(to: receiver.url)))
                try await receiver.closeConnections()
            }
            #expect(receiver.requests.value.count == 20)
        }
    }

    @Test("Takes nothing for an answer that came before it was asked for")
    func answerInAdvance() async throws {
        let first = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        let forged = "HTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n"
        try await Receiver.with(.bytes(Array((first + forged).utf8))) { receiver, sender in
            for _ in 0..<5 { expectDelivered(await sender.send(.sample(to: receiver.url))) }
            #expect(receiver.requests.value.count == 5)
        }
    }

    @Test("A header that cannot be sent does not spoil a connection for those after it")
    func unsendableBetween() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            var unsendable = WebhookNotification.sample(to: receiver.url)
            unsendable.headers = StringDictionary([.init(key: "X-Own", value: "a\r\nb")])
            for _ in 0..<3 {
                expectDelivered(await sender.send(.sample(to: receiver.url)))
                _ = await sender.send(unsendable)
            }
            expectDelivered(await sender.send(.sample(to: receiver.url)))
        }
    }

    @Test("Repeats a request on a new connection when a used one ends without an answer")
    func endedWhenReused() async throws {
        let good = Receiver.Answer.http("HTTP/1.1 200 OK")
        try await Receiver.with(.inTurn([good, .hangUp, good])) { receiver, sender in
            for _ in 0..<2 { expectDelivered(await sender.send(.sample(to: receiver.url))) }
            #expect(receiver.requests.value.count == 3)
            #expect(receiver.connections.value.opened.count == 2)
        }
    }

    @Test("Does not repeat a request on a new connection that ends without an answer")
    func endedWhenNew() async throws {
        try await Receiver.with(.hangUp) { receiver, sender in
            let outcome = await sender.send(.sample(to: receiver.url))
            #expect(outcome.failureKind == .connection)
            #expect(outcome.summary == "The target ended the connection before its answer was complete.")
            #expect(receiver.requests.value.count == 1)
        }
    }

    @Test("Does not repeat a request that a part of an answer came to")
    func endedInAnswer() async throws {
        let part = Receiver.Answer.bytesThenClose(Array("HTTP/1.1 200".utf8))
        try await Receiver.with(.inTurn([.http("HTTP/1.1 200 OK"), part])) { receiver, sender in
            expectDelivered(await sender.send(.sample(to: receiver.url)))
            #expect(await sender.send(.sample(to: receiver.url)).failureKind == .connection)
            #expect(receiver.requests.value.count == 2)
        }
    }

    @Test("Repeats a request on a new connection when a used one answers that it waited too long")
    func requestTimeout() async throws {
        let good = Receiver.Answer.http("HTTP/1.1 200 OK")
        let late = Receiver.Answer.http("HTTP/1.1 408 Request Timeout\r\nConnection: close")
        try await Receiver.with(.inTurn([good, late, good])) { receiver, sender in
            for _ in 0..<2 { expectDelivered(await sender.send(.sample(to: receiver.url))) }
            #expect(receiver.requests.value.count == 3)
            #expect(receiver.connections.value.opened.count == 2)
        }
        try await Receiver.with(late) { receiver, sender in
            #expect(await sender.send(.sample(to: receiver.url)).summary == "HTTP/1.1 408 Request Timeout")
            #expect(receiver.requests.value.count == 1)
        }
    }

    @Test("Takes an answer that comes before the request has gone out, and does not use its connection again")
    func earlyAnswer() async throws {
        let answer = Receiver.Answer.bytesBeforeReading(
            Array("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n".utf8)
        )
        try await Receiver.with(answer) { receiver, sender in
            var large = WebhookNotification.sample(to: receiver.url)
            large.body = Array(repeating: 7, count: 16 << 20)
            for _ in 0..<2 { #expect(await sender.send(large).summary == "HTTP/1.1 413 Too Large") }
            #expect(receiver.connections.value.opened.count == 2)
        }
    }

    @Test("Keeps no more idle connections than it may, and closes the one that has been idle longest")
    func idleBound() async throws {
        try await Receiver.with(
            .http("HTTP/1.1 200 OK"),
            resolver: ScriptedResolver(["127.0.0.1"]),
            adjust: { settings, _ in settings.idleConnections = 3 }
        ) { receiver, sender in
            func deliver(to hosts: [Int]) async {
                for host in hosts {
                    expectDelivered(await sender.send(.sample(to: "http://host\(host).test:\(receiver.port)/")))
                }
            }
            await deliver(to: Array(0..<10))
            try await receiver.connections.wait { $0.open == 3 }
            await deliver(to: [7, 8, 9, 7])
            #expect(receiver.connections.value.opened.count == 10)
            await deliver(to: [0])
            #expect(receiver.connections.value.opened.count == 11)
            await deliver(to: [7, 9])
            #expect(receiver.connections.value.opened.count == 11, "host 8 was idle longest")
        }
    }

    @Test("Keeps no connection where none may be idle")
    func noIdle() async throws {
        try await Receiver.with(
            .http("HTTP/1.1 200 OK"),
            adjust: { settings, _ in settings.idleConnections = 0 }
        ) { receiver, sender in
            for _ in 0..<3 { expectDelivered(await sender.send(.sample(to: receiver.url))) }
            try await receiver.connections.wait { $0.open == 0 }
            #expect(receiver.connections.value.opened.count == 3)
        }
    }

    /// The connections to a port that have ended, but for `others`, each with whether the listener ended it first.
    private static func ends(of port: Int, except others: Set<String> = []) throws -> [String: Bool] {
        // In pieces: Foundation reads one page of this file by its path.
        let table = try #require(try FileHandle(forReadingAtPath: "/proc/net/tcp")?.readToEnd())
        let port = String(format: ":%04X", port)
        var ends: [String: Bool] = [:]
        for line in String(decoding: table, as: UTF8.self).split(separator: "\n") {
            // Number, local address, remote address, state: 06 where this end was the first.
            let columns = line.split(separator: " ")
            guard columns.count > 3, columns[3] == "06" else { continue }
            let isListeners = columns[1].hasSuffix(port)
            guard isListeners || columns[2].hasSuffix(port) else { continue }
            let connection = "\(columns[1]) \(columns[2])"
            if !others.contains(connection) { ends[connection] = isListeners }
        }
        return ends
    }

    /// Whoever ends a connection first keeps its port for a minute.
    @Test(
        "Leaves the end of a connection to the target that announces it",
        .enabled(
            if: FileManager.default.fileExists(atPath: "/proc/net/tcp"),
            "Only Linux tells who ended a connection."
        ),
        arguments: ["HTTP/1.1 200 OK\r\nConnection: close", "HTTP/1.0 200 OK"]
    )
    func targetEnds(head: String) async throws {
        let bytes = Array("\(head)\r\nContent-Length: 0\r\n\r\n".utf8)
        let answer = Receiver.Answer.bytesThenClose(bytes, after: .milliseconds(200))
        // Alarms that never ring: the sender waits for the target as long as the target takes.
        try await Receiver.with(answer, schedule: ManualAlarms().schedule) { receiver, sender in
            // Whoever had this port before may have left connections that ended within the last minute.
            let others = Set(try Self.ends(of: receiver.port).keys)
            for _ in 0..<5 { expectDelivered(await sender.send(.sample(to: receiver.url))) }
            try await receiver.connections.wait { $0.open == 0 }
            var ends: [String: Bool] = [:]
            try await eventually("The system lists five ended connections", every: .milliseconds(20)) {
                ends = try Self.ends(of: receiver.port, except: others)
                return ends.count >= 5
            }
            let endedFirst = Array(ends.values)
            #expect(endedFirst == [true, true, true, true, true])
        }
    }

    @Test("Throws away what a target sends after its last answer, and ends the connection if the target does not")
    func targetDoesNotEnd() async throws {
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        let answer = Receiver.Answer.poured(
            Array(head.utf8),
            Array(repeating: 7, count: 10_000),
            every: .milliseconds(5)
        )
        try await Receiver.with(answer) { receiver, sender in
            expectDelivered(await sender.send(.sample(to: receiver.url)))
            try await receiver.connections.wait { $0.open == 0 }
        }
    }

    @Test("Ends a connection on which a target says something unasked")
    func unasked() async throws {
        let answer = Receiver.Answer.inParts(
            [Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8), Array("more".utf8)],
            every: .milliseconds(50)
        )
        try await Receiver.with(answer) { receiver, sender in
            expectDelivered(await sender.send(.sample(to: receiver.url)))
            try await receiver.connections.wait { $0.open == 0 }
            expectDelivered(await sender.send(.sample(to: receiver.url)))
        }
    }

    @Test("Ends its connections on shutdown")
    func shutdown() async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, sender in
            expectDelivered(await sender.send(.sample(to: receiver.url)))
            #expect(receiver.connections.value.open == 1)
            await sender.shutdown()
            try await receiver.connections.wait { $0.open == 0 }
            expectDelivered(await sender.send(.sample(to: receiver.url)))
            try await receiver.connections.wait { $0.open == 0 }
        }
    }
}
