import AgentCore
import Foundation
import Testing
import WebhookDelivery

/// Tunnels are tried with the TLS that they are for, in ``SocketSenderTLSTests``.
@Suite("Proxy of the socket sender", .timeLimit(.minutes(1)))
struct SocketSenderProxyTests {
    private func withProxy(
        _ answer: Receiver.Answer,
        tunnel: String? = nil,
        timeout: Duration = .seconds(10),
        resolver: any NameResolver = ScriptedResolver(["127.0.0.1"]),
        _ body: (Receiver, SocketSender) async throws -> Void
    ) async throws {
        try await Receiver.with(
            answer,
            layers: Receiver.Layers(tunnel: tunnel),
            timeout: timeout,
            addresses: AddressPolicy(),
            resolver: resolver,
            adjust: { settings, proxy in settings.proxy = TargetURL("http://proxy.test:\(proxy.port)") },
            body
        )
    }

    @Test(
        "An http target is asked for by its whole URL",
        arguments: [
            ("http://target.test/hook?x=1&y=%C3%A4", "http://target.test/hook?x=1&y=%C3%A4", "target.test"),
            ("http://target.test:8080", "http://target.test:8080/", "target.test:8080"),
            ("http://8.8.8.8/a", "http://8.8.8.8/a", "8.8.8.8"),
            ("http://[2606:4700:4700::1111]/a", "http://[2606:4700:4700::1111]/a", "[2606:4700:4700::1111]"),
        ]
    )
    func absoluteForm(url: String, target: String, host: String) async throws {
        let resolver = ScriptedResolver(["127.0.0.1"])
        try await withProxy(.http("HTTP/1.1 200 OK"), resolver: resolver) { proxy, sender in
            let notification = WebhookNotification.sample(to: url)
            for _ in 0..<2 { #expect(await sender.send(notification).summary == "HTTP/1.1 200 OK") }
            let request = try #require(proxy.requests.value.first)
            #expect(request.requestLine == "POST \(target) HTTP/1.1")
            #expect(request.header("host") == host)
            #expect(request.body == notification.body)
            #expect(Set(resolver.lookUps.value) == ["proxy.test"])
            #expect(proxy.connections.value.opened.count == 1)
        }
    }

    @Test(
        "A target's address that is written out is checked all the same",
        arguments: ["http://10.0.0.1/", "https://10.0.0.1/", "http://[::1]/", "https://[::ffff:127.0.0.1]/"]
    )
    func literals(url: String) async throws {
        try await withProxy(.http("HTTP/1.1 200 OK"), tunnel: "HTTP/1.1 200 OK\r\n\r\n") { proxy, sender in
            let outcome = await sender.send(.sample(to: url))
            #expect(outcome.failureKind == .refusedByPolicy, "\(outcome.summary)")
            #expect(outcome.summary.contains("allow-targets"))
            #expect(proxy.connections.value.opened.isEmpty)
        }
    }

    @Test(
        "A tunnel that the proxy refuses is a failure, and the connection ends",
        arguments: ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"]
    )
    func refusedTunnel(status: String) async throws {
        let refusal = "HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n"
        try await withProxy(.silence, tunnel: refusal) { proxy, sender in
            let outcome = await sender.send(.sample(to: "https://target.test:8443/hook"))
            #expect(outcome.failureKind == .connection, "\(outcome.summary)")
            #expect(proxy.tunnels.value.map(\.requestLine) == ["CONNECT target.test:8443 HTTP/1.1"])
            try await proxy.connections.wait { $0.open == 0 }
        }
    }

    @Test("A proxy that does not open the tunnel is a timeout, and the connection ends")
    func silentTunnel() async throws {
        try await withProxy(.silence, tunnel: "", timeout: .milliseconds(200)) { proxy, sender in
            let outcome = await sender.send(.sample(to: "https://target.test/hook"))
            #expect(outcome.failureKind == .timeout)
            try await proxy.connections.wait { $0.open == 0 }
        }
    }

    @Test("A proxy that answers no HTTP is a failure")
    func garbage() async throws {
        try await withProxy(.silence, tunnel: "SSH-2.0-OpenSSH_9.6\r\n") { _, sender in
            let outcome = await sender.send(.sample(to: "https://target.test/hook"))
            #expect(outcome.failureKind == .protocolViolation || outcome.failureKind == .connection)
        }
    }

    @Test("A proxy that nobody listens at, or whose name nobody knows, is a failure that says so")
    func absentProxy() async throws {
        let port = try await Receiver.freePort()
        let cases: [(ScriptedResolver, SendFailure.Kind)] = [
            (ScriptedResolver(["127.0.0.1"]), .connection), (ScriptedResolver([]), .resolution),
        ]
        for (resolver, kind) in cases {
            try await Receiver.with(
                .silence,
                resolver: resolver,
                adjust: { settings, _ in settings.proxy = TargetURL("http://proxy.test:\(port)") }
            ) { _, sender in
                for url in ["http://target.test/", "https://target.test/"] {
                    let outcome = await sender.send(.sample(to: url))
                    #expect(outcome.failureKind == kind, "\(outcome.summary)")
                }
            }
        }
    }
}
