import AgentCore
import Foundation
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
