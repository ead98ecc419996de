import AgentCore
import Foundation
import NIOCore
import Testing
import WebhookDelivery

@Suite("Connections of the socket sender", .timeLimit(.minutes(1)))
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
        try await Receiver.with(.http("HTTP/1.1 200 OK"), timeout: .seconds(5)) { receiver, sender in
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
