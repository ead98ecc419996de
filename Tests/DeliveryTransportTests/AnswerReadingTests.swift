import DeliveryTransport
import Foundation
import NIOCore
import TestSupport
import Testing
import WebhookModel

/// Which answers of targets are taken, as curl takes them.
@Suite("Answers that the socket sender takes", .timeLimit(.minutes(5)))
struct AnswerReadingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: String
        /// What the sender makes of the bytes.
        let answer: (status: Int, reason: String, body: String)
        let isReused: Bool

        init(
            _ description: String,
            _ bytes: String,
            status: Int = 200,
            reason: String = "OK",
            body: String = "",
            isReused: Bool = true
        ) {
            (testDescription, self.bytes, self.isReused) = (description, bytes, isReused)
            answer = (status, reason, body)
        }
    }

    static let cases: [Case] = [
        Case("LF at the ends of lines", "HTTP/1.1 200 OK\nContent-Length: 2\nX: 1\n\nab", body: "ab"),
        Case(
            "LF at the ends of chunks",
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nab\n1;x\nc\n0\nT: 1\n\n",
            body: "abc"
        ),
        Case(
            "equal lengths in lines",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab",
            body: "ab"
        ),
        Case("equal lengths in a list", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2 ,02\r\n\r\nab", body: "ab"),
        Case("no reason phrase", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", status: 404, reason: "Not Found"),
        Case(
            "a blank for a reason phrase",
            "HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n",
            status: 503,
            reason: "Service Unavailable"
        ),
        Case("no reason phrase for its own code", "HTTP/1.1 599\r\nContent-Length: 0\r\n\r\n", status: 599, reason: ""),
        Case(
            "control characters in the reason phrase",
            "HTTP/1.1 500 Oops\u{1B}[31m \u{E5}\r\nContent-Length: 0\r\n\r\n",
            status: 500,
            reason: "Oops [31m \u{E5}"
        ),
        Case("empty lines before it", "\r\n\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Case(
            "interim answers before it",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
            body: "a"
        ),
        Case("blanks around a length and its name", "HTTP/1.1 200 OK\r\nContent-Length : \t1 \r\n\r\na", body: "a"),
        Case(
            "chunks beside a length",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
            body: "ab",
            isReused: false
        ),
        Case(
            "HTTP/1.0 that keeps its connection",
            "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nab",
            body: "ab"
        ),
        Case(
            "names and options in other cases, with blanks",
            "HTTP/1.1 200 OK\r\ncONNECTION: x , keep -\tAlive,\r\nTRANSFER-encoding: , Chun ked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
            body: "ab"
        ),
        Case(
            "a connection that ends",
            "HTTP/1.1 200 OK\r\nConnection: x\r\nconnection: y,\tCLOSE\r\nContent-Length: 2\r\n\r\nab",
            body: "ab",
            isReused: false
        ),
        Case("a code that has no body", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", status: 204, reason: "No"),
        Case(
            "another protocol",
            "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nbytes",
            status: 101,
            reason: "Switching",
            isReused: false
        ),
        Case("more than it says", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", body: "ab", isReused: false),
        Case(
            "chunks that cannot be read after a status that can",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nxyz\r\n",
            body: "ab",
            isReused: false
        ),
    ]

    @Test("Takes an answer with", arguments: AnswerReadingTests.cases)
    func taken(_ expected: Case) async throws {
        try await Receiver.with(.bytes(Array(expected.bytes.utf8))) { receiver, sender in
            for _ in 0..<2 {
                let outcome = await sender.send(.sample(to: receiver.url))
                let answer = try #require(outcome.answer, "\(outcome)")
                #expect(answer.status == expected.answer.status)
                #expect(answer.reason == expected.answer.reason)
                #expect(answer.body == Array(expected.answer.body.utf8))
            }
            #expect(receiver.connections.value.opened.count == (expected.isReused ? 1 : 2))
        }
    }

    @Test(
        "Takes an answer with a header line that",
        arguments: [
            ("is folded", "X: one\r\n \t two\r\n\tthree", StringDictionary.Entry(key: "X", value: "one two three")),
            ("is folded and begins empty", "X:\r\n two", .init(key: "X", value: "two")),
            ("has blanks around the name and the value", "X : \t v \t", .init(key: "X", value: "v")),
            ("has a CR within", "X: a\rb", .init(key: "X", value: "a b")),
            ("is of odd characters", "X [1]: \u{1}", .init(key: "X [1]", value: "\u{1}")),
        ]
    )
    func headerLine(description: String, line: String, header: StringDictionary.Entry) async throws {
        let answer = Receiver.Answer.http("HTTP/1.1 200 OK\r\n\(line)")
        try await Receiver.with(answer) { receiver, sender in
            for _ in 0..<2 {
                let answer = try #require(await sender.send(.sample(to: receiver.url)).answer)
                #expect(answer.headers.contains(header), "A line that \(description): \(answer.headers)")
            }
            #expect(receiver.connections.value.opened.count == 1)
        }
    }

    @Test("Takes an answer that comes byte by byte")
    func byteByByte() async throws {
        let text =
            "\r\nHTTP/1.1 200 OK\r\nX: 1\r\n 2\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: 1\r\n\r\n"
        let parts = text.utf8.map { [$0] }
        try await Receiver.with(.inParts(parts, every: .milliseconds(1))) { receiver, sender in
            for _ in 0..<2 {
                let answer = try #require(await sender.send(.sample(to: receiver.url)).answer)
                #expect(answer.body == Array("abc".utf8))
                #expect(answer.headers.first == .init(key: "X", value: "1 2"))
            }
            #expect(receiver.connections.value.opened.count == 1)
        }
    }

    // MARK: Refused

    @Test(
        "Says what is wrong with an answer that is not HTTP",
        arguments: [
            ("SSH-2.0-OpenSSH_9.6\r\n", "it begins with 'SSH-2.0-OpenSSH_9.6' instead of 'HTTP/1.1'"),
            ("SSH", "it begins with 'SSH'"),
            ("\u{15}\u{3}\u{1}\u{0}", "it is TLS"),
            ("HTTP/2 200 OK\r\n\r\n", "it begins with 'HTTP/2 200 OK'"),
            ("HTTP/1.1 20 OK\r\n\r\n", "has no status code of three digits"),
            ("HTTP/1.1 2000 OK\r\n\r\n", "has no status code of three digits"),
            ("HTTP/1.1 200 OK\r\n folded: 1\r\n\r\n", "its first header line is folded"),
            ("HTTP/1.1 200 OK\r\nno name\r\n\r\n", "its header line 'no name' has no name"),
            ("HTTP/1.1 200 OK\r\nX: \u{0}\r\n\r\n", "NUL"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", "its Content-Length is '2, 3'"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nabc", "its Content-Length is '2, 3'"),
            ("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab", "its Content-Length is '+2'"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1 2\r\n\r\nab", "its Content-Length is '1 2'"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2,\r\n\r\nab", "its Content-Length is '2,'"),
            ("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nab", "its Content-Length is ''"),
        ]
    )
    func refused(bytes: String, reason: String) async throws {
        try await Receiver.with(.bytes(Array(bytes.utf8))) { receiver, sender in
            let outcome = await sender.send(.sample(to: receiver.url))
            #expect(outcome.failureKind == .protocolViolation)
            #expect(outcome.summary.contains(reason), "\(outcome.summary)")
            try await receiver.connections.wait { $0.open == 0 }
        }
    }

    struct Endless: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let first: String
        let others: String
        let reason: String

        init(_ description: String, _ first: String, _ others: String, reason: String) {
            (testDescription, self.first, self.others, self.reason) = (description, first, others, reason)
        }
    }

    @Test(
        "Bounds an endless answer:",
        arguments: [
            Endless("interim answers", "", "HTTP/1.1 103 Early Hints\r\n\r\n", reason: "more than 32 interim answers"),
            Endless("status line", "HTTP/1.1 200 ", "aaaaaaaaaa", reason: "65536 bytes"),
            Endless("empty lines", "", "\r\n", reason: "512 lines"),
            Endless("header line", "HTTP/1.1 200 OK\r\nX: ", "aaaa", reason: "65536 bytes"),
            Endless("header lines", "HTTP/1.1 200 OK\r\n", "X: 1\r\n", reason: "512 lines"),
            Endless("folded lines", "HTTP/1.1 200 OK\r\nX: 1\r\n", " 1\r\n", reason: "512 lines"),
        ]
    )
    func endless(_ answer: Endless) async throws {
        let poured = Receiver.Answer.poured(
            Array(answer.first.utf8),
            Array(String(repeating: answer.others, count: 300).utf8),
            every: .nanoseconds(0)
        )
        try await Receiver.with(poured) { receiver, sender in
            let outcome = await sender.send(.sample(to: receiver.url))
            #expect(outcome.failureKind == .protocolViolation)
            #expect(outcome.summary.contains(answer.reason), "\(outcome.summary)")
            try await receiver.connections.wait { $0.open == 0 }
        }
    }

    /// The status has said what the target made of the notification.
    @Test(
        "Takes the status of an answer whose body is described without end, and hangs up",
        arguments: [("0", "0"), ("1;", "x=y;"), ("0\r\nT: ", "aaaa"), ("0\r\n", "T: 1\r\n"), ("1\r\na", "bbbb")]
    )
    func endlessChunks(first: String, others: String) async throws {
        let poured = Receiver.Answer.poured(
            Array(("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + first).utf8),
            Array(String(repeating: others, count: 300).utf8),
            every: .nanoseconds(0)
        )
        try await Receiver.with(poured) { receiver, sender in
            #expect(await sender.send(.sample(to: receiver.url)).summary == "HTTP/1.1 200 OK")
            try await receiver.connections.wait { $0.open == 0 }
        }
    }
}
