import DeliveryTransport
import Foundation
import NIOCore
import TestSupport
import Testing
import WebhookModel

@Suite("Failures of sockets", .timeLimit(.minutes(5)))
struct SocketFailureTests {
    @Test(
        "What this machine lacks is its own failure",
        arguments: [EMFILE, ENFILE, EADDRNOTAVAIL, EADDRINUSE, ENOBUFS, ENOMEM, EAGAIN]
    )
    func local(code: CInt) {
        expectFailure(of: code, is: .local)
    }

    @Test(
        "A network without a way to the target is this side's failure",
        arguments: [ENETUNREACH, ENETDOWN, EACCES, EPERM, EAFNOSUPPORT]
    )
    func network(code: CInt) {
        expectFailure(of: code, is: .network)
    }

    @Test(
        "What the target's machine does is the target's failure",
        arguments: [ECONNREFUSED, ECONNRESET, EPIPE, ECONNABORTED, EHOSTUNREACH, EHOSTDOWN, ETIMEDOUT, EINVAL, EIO]
    )
    func targets(code: CInt) {
        expectFailure(of: code, is: code == ETIMEDOUT ? .timeout : .connection)
    }

    private func expectFailure(of code: CInt, is kind: SendError.Kind, _ location: SourceLocation = #_sourceLocation) {
        let failure = SendError(IOError(errnoCode: code, reason: "connect"))
        #expect(failure.kind == kind, sourceLocation: location)
        expectSentence(failure.text, location)
    }

    private func expectSentence(_ text: String, _ location: SourceLocation = #_sourceLocation) {
        #expect(text.hasSuffix(".") && text.hasPrefix("Th"), "\(text)", sourceLocation: location)
        for technical in ["errno", "(descriptor:", "IOError"] {
            #expect(!text.contains(technical), "\(text)", sourceLocation: location)
        }
    }

    @Test("A refused connection is told in a sentence")
    func refused() async throws {
        let port = try RefusingPort.take()
        try await Receiver.with(.silence) { _, sender in
            let outcome = await sender.send(.sample(to: "http://127.0.0.1:\(port)/hook"))
            #expect(outcome.summary == "The target refused the connection; its port may be closed.")
        }
    }

    /// Linux has no route for a connection to this address.
    @Test("An address that no route leads to is this side's failure")
    func noRoute() async throws {
        try await Receiver.with(.silence) { _, sender in
            let outcome = await sender.send(.sample(to: "http://255.255.255.255/hook"))
            #expect(outcome.failureKind == .network, "\(outcome.summary)")
        }
    }

    @Test("Where one address has no route and another refuses, the target has failed", arguments: [true, false])
    func mixedAddresses(isRefusedFirst: Bool) async throws {
        let port = try RefusingPort.take()
        let addresses = ["127.0.0.1", "255.255.255.255"]
        let resolver = ScriptedResolver(isRefusedFirst ? addresses : addresses.reversed())
        try await Receiver.with(.silence, resolver: resolver) { _, sender in
            let outcome = await sender.send(.sample(to: "http://target.test:\(port)/hook"))
            #expect(outcome.failureKind == .connection, "\(outcome.summary)")
        }
    }

    /// In a process of its own, whose limit it lowers.
    @Test("Without a free descriptor it closes an idle connection for the next, and without one it is its own failure")
    func descriptors() async {
        await #expect(processExitsWith: .success) {
            let answer = Receiver.Answer.http("HTTP/1.1 200 OK")
            try await Receiver.with(answer, resolver: ScriptedResolver(["127.0.0.1"])) { receiver, sender in
                let urls = (0..<3).map { "http://host\($0).test:\(receiver.port)/hook" }
                #expect(await sender.send(.sample(to: urls[0])).summary == "HTTP/1.1 200 OK")
                let free = dup(0)
                close(free)
                var limit = rlimit()
                getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                let before = limit
                limit.rlim_cur = rlim_t(free)
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                for url in urls.dropFirst() {
                    let outcome = await sender.send(.sample(to: url))
                    #expect(outcome.summary == "HTTP/1.1 200 OK", "\(outcome)")
                }
                #expect(receiver.connections.value.opened.count == 3)
                await sender.shutdown()
                try await receiver.connections.wait { $0.open == 0 }
                limit.rlim_cur = 3
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                let outcome = await sender.send(.sample(to: urls[0]))
                #expect(outcome.failureKind == .local, "\(outcome)")
                #expect(outcome.summary.contains("descriptor"))
                limit = before
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            }
        }
    }
}
