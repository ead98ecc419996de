import DeliveryTransport
import Foundation
import NIOCore
import NameResolution
import Networking
import TestSupport
import Testing
import WebhookModel

/// Tunnels are tried with the TLS that they are for, in ``SocketSenderTLSTests``.
@Suite("Proxy of the socket sender", .timeLimit(.minutes(5)))
struct SocketSenderProxyTests {
    private func withProxy(
        _ answer: Receiver.Answer,
        tunnel: String? = nil,
        schedule: SocketSender.Scheduling? = nil,
        resolver: any NameResolver = ScriptedResolver(["127.0.0.1"]),
        _ body: (Receiver, SocketSender) async throws -> Void
    ) async throws {
        try await Receiver.with(
            answer,
            layers: Receiver.Layers(tunnel: tunnel),
            addresses: AddressPolicy(),
            resolver: resolver,
            schedule: schedule ?? { amount, loop, work in loop.scheduleTask(in: amount, work) },
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
        "A tunnel that the proxy refuses is the proxy's failure, with a text of its own, and the connection ends",
        arguments: [
            ("407 Proxy Authentication Required", "user:password@"), ("403 Forbidden", "rules"),
            ("400 Bad Request", "rules"), ("502 Bad Gateway", "log"), ("503 Service Unavailable", "log"),
            ("504 Gateway Timeout", "log"), ("302 Found", "rules"),
        ]
    )
    func refusedTunnel(status: String, advice: String) async throws {
        let refusal = "HTTP/1.1 \(status)\r\nContent-Length: 3\r\n\r\nno\n"
        try await withProxy(.silence, tunnel: refusal) { proxy, sender in
            let outcome = await sender.send(.sample(to: "https://target.test:8443/hook"))
            expectProxys(outcome, status, "target.test:8443".prefix(status.hasPrefix("407") ? 0 : 99), advice)
            #expect(proxy.tunnels.value.map(\.requestLine) == ["CONNECT target.test:8443 HTTP/1.1"])
            try await proxy.connections.wait { $0.open == 0 }
        }
    }

    private func expectProxys(
        _ outcome: SendOutcome,
        _ parts: any StringProtocol...,
        location: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.failureKind == .proxy, "\(outcome.summary)", sourceLocation: location)
        for part in parts.map({ String($0) }) + ["setting proxy", "proxy.test"] where !part.isEmpty {
            #expect(outcome.summary.contains(part), "\(outcome.summary)", sourceLocation: location)
        }
    }

    @Test("A proxy that does not take the user and the password of the setting is told so")
    func wrongPassword() async throws {
        try await Receiver.with(
            .silence,
            layers: Receiver.Layers(tunnel: "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
            resolver: ScriptedResolver(["127.0.0.1"]),
            adjust: { settings, proxy in settings.proxy = TargetURL("http://me:%73ecret@proxy.test:\(proxy.port)") }
        ) { proxy, sender in
            let outcome = await sender.send(.sample(to: "https://target.test/hook"))
            expectProxys(outcome, "407", "does not take")
            #expect(!outcome.summary.contains("secret"))
            #expect(proxy.tunnels.value.first?.header("proxy-authorization") == "Basic bWU6c2VjcmV0")
        }
    }

    @Test("A tunnel to an IPv6 address is asked for in brackets")
    func tunnelToIPv6() async throws {
        try await withProxy(.silence, tunnel: "HTTP/1.1 403 Forbidden\r\n\r\n") { proxy, sender in
            expectProxys(await sender.send(.sample(to: "https://[2606:4700:4700::1111]/hook")), "403")
            let request = try #require(proxy.tunnels.value.first)
            #expect(request.requestLine == "CONNECT [2606:4700:4700::1111]:443 HTTP/1.1")
            #expect(request.header("host") == "[2606:4700:4700::1111]:443")
        }
    }

    @Test("A proxy that does not open the tunnel in time is to blame, and the connection ends")
    func silentTunnel() async throws {
        let alarms = ManualAlarms()
        try await withProxy(.silence, tunnel: "", schedule: alarms.schedule) { proxy, sender in
            async let outcome = sender.send(.sample(to: "https://target.test/hook"))
            try await proxy.tunnels.wait { $0.count == 1 }
            try await alarms.ring()
            expectProxys(await outcome, "delivery-timeout")
            try await proxy.connections.wait { $0.open == 0 }
        }
    }

    @Test(
        "A proxy that answers a tunnel with no HTTP, or without end, is to blame, and the connection ends",
        arguments: [
            "SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.1 200 OK\r\nA: " + String(repeating: "a", count: 100_000),
            "HTTP/1.1 abc OK\r\n\r\n", "\r\n\r\n", "HTTP/1.1 999 No\r\n\r\n",
        ]
    )
    func garbage(answer: String) async throws {
        try await withProxy(.silence, tunnel: answer) { proxy, sender in
            expectProxys(await sender.send(.sample(to: "https://target.test/hook")), "HTTP proxy")
            try await proxy.connections.wait { $0.open == 0 }
        }
    }

    @Test("A proxy that nobody listens at, or whose name nobody knows, is to blame")
    func absentProxy() async throws {
        let port = try RefusingPort.take()
        for (resolver, reason) in [(ScriptedResolver(["127.0.0.1"]), "refused"), (ScriptedResolver([]), "resolved")] {
            try await Receiver.with(
                .silence,
                resolver: resolver,
                adjust: { settings, _ in settings.proxy = TargetURL("http://proxy.test:\(port)") }
            ) { _, sender in
                for url in ["http://target.test/", "https://target.test/"] {
                    let outcome = await sender.send(.sample(to: url))
                    #expect(outcome.summary.lowercased().contains(reason), "\(outcome.summary)")
                    expectProxys(outcome)
                }
            }
        }
    }

    @Test(
        "What a proxy answers itself in place of an http target is the proxy's failure",
        arguments: [
            ("407 Proxy Authentication Required", "Proxy-Authenticate: Basic"), ("407 No", "X: y"),
            ("503 Service Unavailable", "X-Squid-Error: ERR_CONNECT_FAIL 111"),
            ("502 Bad Gateway", "Proxy-Status: proxy.test; error=connection_refused"),
            ("504 Gateway Timeout", "proxy-status: cdn; received-status=504, \"a, b\"; error=connection_timeout"),
        ]
    )
    func proxysAnswer(status: String, header: String) async throws {
        try await withProxy(.http("HTTP/1.1 \(status)\r\n\(header)")) { _, sender in
            expectProxys(await sender.send(.sample(to: "http://target.test/hook")), String(status.prefix(3)))
        }
    }

    @Test(
        "What a proxy passes on is the http target's answer",
        arguments: [
            ("502 Bad Gateway", "Via: 1.1 proxy.test"), ("503 Service Unavailable", "Retry-After: 5"),
            ("500 Internal Server Error", "X-Squid-Error: x"),
            ("504 Gateway Timeout", "Proxy-Status: proxy.test; received-status=504"),
            ("502 Bad Gateway", "Proxy-Status: proxy.test; error=http_response_incomplete; received-status=502"),
            ("403 Forbidden", "Proxy-Status: proxy.test"),
        ]
    )
    func targetsAnswer(status: String, header: String) async throws {
        try await withProxy(.http("HTTP/1.1 \(status)\r\n\(header)")) { _, sender in
            let outcome = await sender.send(.sample(to: "http://target.test/hook"))
            #expect(outcome.answer?.status == Int(status.prefix(3)), "\(outcome.summary)")
        }
    }

    @Test("A proxy that breaks the connection instead of answering for an http target is to blame")
    func brokenConnection() async throws {
        try await withProxy(.bytesThenClose([])) { _, sender in
            expectProxys(await sender.send(.sample(to: "http://target.test/hook")))
        }
    }
}
