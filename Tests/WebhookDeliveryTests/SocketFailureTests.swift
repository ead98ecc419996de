import AgentCore
import Foundation
import NIOCore
import Testing
import WebhookDelivery

@Suite("Failures of sockets", .timeLimit(.minutes(1)))
struct SocketFailureTests {
    @Test(
        "What this machine lacks or forbids is its own failure",
        arguments: [
            EMFILE, ENFILE, EADDRNOTAVAIL, EADDRINUSE, ENOBUFS, ENOMEM, EAGAIN, ENETUNREACH, ENETDOWN, EACCES, EPERM,
            EAFNOSUPPORT,
        ]
    )
    func local(code: CInt) {
        let failure = SendFailure(IOError(errnoCode: code, reason: "connect"))
        #expect(failure.kind == .local)
        expectSentence(failure.text)
    }

    @Test(
        "What the target's machine does is the target's failure",
        arguments: [ECONNREFUSED, ECONNRESET, EPIPE, ECONNABORTED, EHOSTUNREACH, EHOSTDOWN, ETIMEDOUT, EINVAL, EIO]
    )
    func targets(code: CInt) {
        let failure = SendFailure(IOError(errnoCode: code, reason: "connect"))
        #expect(failure.kind == (code == ETIMEDOUT ? .timeout : .connection))
        expectSentence(failure.text)
    }

    private func expectSentence(_ text: String, _ location: SourceLocation = #_sourceLocation) {
        #expect(text.hasSuffix(".") && text.hasPrefix("Th"), "\(text)", sourceLocation: location)
        for technical in ["errno", "(descriptor:", "IOError"] {
            #expect(!text.contains(technical), "\(text)", sourceLocation: location)
        }
    }

    @Test("A refused connection is told in a sentence")
    func refused() async throws {
        let port = try await Receiver.freePort()
        try await Receiver.with(.silence) { _, sender in
            let outcome = await sender.send(.sample(to: "http://127.0.0.1:\(port)/hook"))
            #expect(outcome.summary == "The target refused the connection; its port may be closed.")
        }
    }

    /// Linux has no route for a connection to this address.
    @Test("An address that no route leads to is this machine's failure")
    func noRoute() async throws {
        try await Receiver.with(.silence) { _, sender in
            let outcome = await sender.send(.sample(to: "http://255.255.255.255/hook"))
            #expect(outcome.failureKind == .local, "\(outcome.summary)")
        }
    }

    @Test("Where one address has no route and another refuses, the target has failed", arguments: [true, false])
    func mixedAddresses(isRefusedFirst: Bool) async throws {
        let port = try await Receiver.freePort()
        let addresses = ["127.0.0.1", "255.255.255.255"]
        let resolver = ScriptedResolver(isRefusedFirst ? addresses : addresses.reversed())
        try await Receiver.with(.silence, resolver: resolver) { _, sender in
            let outcome = await sender.send(.sample(to: "http://target.test:\(port)/hook"))
            #expect(outcome.failureKind == .connection, "\(outcome.summary)")
        }
    }
}
