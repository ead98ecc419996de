import DeliveryTransport
import Foundation
import NIOSSL
import Networking
import TestSupport
import Testing
import WebhookModel

@Suite(
    "TLS of the socket sender",
    .timeLimit(.minutes(5)),
    .enabled(if: TestCertificate.command != nil, "There is no openssl command to make certificates with.")
)
struct SocketSenderTLSTests {
    private let answer = Receiver.Answer.http("HTTP/1.1 200 OK")

    private func urls(_ receiver: Receiver) -> [String] {
        ["127.0.0.1", "target.test"].map { "https://\($0):\(receiver.port)/hook" }
    }

    @Test("Refuses a certificate that nobody vouches for, and names the settings")
    func untrusted() async throws {
        try await TestCertificate.with { certificate in
            let layers = Receiver.Layers(tls: certificate.context)
            let resolver = ScriptedResolver(["127.0.0.1"])
            try await Receiver.with(answer, layers: layers, resolver: resolver) { receiver, sender in
                for url in urls(receiver) {
                    let outcome = await sender.send(.sample(to: url))
                    #expect(outcome.failureKind == .tls, "\(outcome.summary)")
                    #expect(
                        !outcome.summary.contains(".cc") && !outcome.summary.contains("/Sources"),
                        "\(outcome.summary)"
                    )
                    for setting in ["validate-https", "ca-file"] { #expect(outcome.summary.contains(setting)) }
                }
                #expect(receiver.requests.value.isEmpty)
            }
        }
    }

    @Test("Takes any certificate once validation is switched off")
    func notValidated() async throws {
        try await TestCertificate.with("DNS:other.test") { certificate in
            try await Receiver.with(
                answer,
                layers: Receiver.Layers(tls: certificate.context),
                resolver: ScriptedResolver(["127.0.0.1"]),
                adjust: { settings, _ in settings.validatesHTTPS = false }
            ) { receiver, sender in
                for url in urls(receiver) {
                    let outcome = await sender.send(.sample(to: url))
                    #expect(outcome.summary == "HTTP/1.1 200 OK", "\(outcome.summary)")
                }
            }
        }
    }

    @Test("Takes a certificate of the authorities' file for its names, and uses the connection again")
    func ownAuthority() async throws {
        try await TestCertificate.with { certificate in
            try await Receiver.with(
                answer,
                layers: Receiver.Layers(tls: certificate.context),
                resolver: ScriptedResolver(["127.0.0.1"]),
                adjust: { settings, _ in settings.authoritiesFile = certificate.file }
            ) { receiver, sender in
                for url in urls(receiver) + urls(receiver) {
                    let outcome = await sender.send(.sample(to: url))
                    #expect(outcome.summary == "HTTP/1.1 200 OK", "\(outcome.summary)")
                }
                #expect(receiver.connections.value.opened.count == 2, "one for each name")
                let hosts = receiver.requests.value.map { $0.header("host") }
                #expect(Set(hosts) == ["127.0.0.1:\(receiver.port)", "target.test:\(receiver.port)"])
            }
        }
    }

    @Test("Repeats a request on a new connection when a used one ends without saying so in TLS")
    func endedWithoutNotice() async throws {
        try await TestCertificate.with { certificate in
            try await Receiver.with(
                .inTurn([answer, .hangUp, answer, .hangUp]),
                layers: Receiver.Layers(tls: certificate.context),
                adjust: { settings, _ in settings.authoritiesFile = certificate.file }
            ) { receiver, sender in
                let notification = WebhookNotification.sample(to: "https://127.0.0.1:\(receiver.port)/hook")
                for _ in 0..<2 { #expect(await sender.send(notification).summary == "HTTP/1.1 200 OK") }
                #expect(receiver.requests.value.count == 3)
                // On the new connection too it is the target that ended it, and no trust was missing.
                try await receiver.closeConnections()
                #expect(await sender.send(notification).failureKind == .connection)
            }
        }
    }

    @Test("Refuses a certificate of the authorities' file that is for other names")
    func otherNames() async throws {
        try await TestCertificate.with("DNS:other.test,IP:127.0.0.2") { certificate in
            try await Receiver.with(
                answer,
                layers: Receiver.Layers(tls: certificate.context),
                resolver: ScriptedResolver(["127.0.0.1"]),
                adjust: { settings, _ in settings.authoritiesFile = certificate.file }
            ) { receiver, sender in
                for url in urls(receiver) {
                    let outcome = await sender.send(.sample(to: url))
                    #expect(outcome.failureKind == .tls, "\(outcome.summary)")
                }
                #expect(receiver.requests.value.isEmpty)
            }
        }
    }

    @Test("Checks the address of an https target as well")
    func addressPolicy() async throws {
        try await TestCertificate.with { certificate in
            try await Receiver.with(
                answer,
                layers: Receiver.Layers(tls: certificate.context),
                addresses: AddressPolicy(),
                resolver: ScriptedResolver(["127.0.0.1"]),
                adjust: { settings, _ in settings.authoritiesFile = certificate.file }
            ) { receiver, sender in
                for url in urls(receiver) {
                    #expect(await sender.send(.sample(to: url)).failureKind == .refusedByPolicy)
                }
                #expect(receiver.connections.value.opened.isEmpty)
            }
        }
    }

    @Test("Through a proxy, the target's TLS begins after the tunnel")
    func tunnel() async throws {
        try await TestCertificate.with { certificate in
            let resolver = ScriptedResolver(["127.0.0.1"])
            try await Receiver.with(
                answer,
                layers: Receiver.Layers(
                    tunnel: "HTTP/1.1 200 Connection established\r\n\r\n",
                    tls: certificate.context
                ),
                addresses: AddressPolicy(),
                resolver: resolver,
                adjust: { settings, proxy in
                    settings.authoritiesFile = certificate.file
                    settings.proxy = TargetURL("http://proxy.test:\(proxy.port)")
                }
            ) { proxy, sender in
                for _ in 0..<2 {
                    let outcome = await sender.send(.sample(to: "https://target.test/hook?x=1"))
                    #expect(outcome.summary == "HTTP/1.1 200 OK", "\(outcome.summary)")
                }
                #expect(Set(resolver.lookUps.value) == ["proxy.test"], "the proxy looks the target up")
                #expect(proxy.tunnels.value.map(\.requestLine) == ["CONNECT target.test:443 HTTP/1.1"])
                #expect(proxy.tunnels.value.first?.header("host") == "target.test:443", "RFC 9112, section 3.2")
                let lines = proxy.requests.value.map(\.requestLine)
                #expect(lines == ["POST /hook?x=1 HTTP/1.1", "POST /hook?x=1 HTTP/1.1"])
                #expect(proxy.requests.value.first?.header("host") == "target.test")
            }
        }
    }

    @Test("Through a proxy, the target's certificate is the one that is checked")
    func tunnelToOther() async throws {
        try await TestCertificate.with("DNS:proxy.test") { certificate in
            try await Receiver.with(
                answer,
                layers: Receiver.Layers(tunnel: "HTTP/1.1 200 OK\r\n\r\n", tls: certificate.context),
                resolver: ScriptedResolver(["127.0.0.1"]),
                adjust: { settings, proxy in
                    settings.authoritiesFile = certificate.file
                    settings.proxy = TargetURL("http://proxy.test:\(proxy.port)")
                }
            ) { proxy, sender in
                let outcome = await sender.send(.sample(to: "https://target.test/hook"))
                #expect(outcome.failureKind == .tls, "\(outcome.summary)")
                #expect(proxy.requests.value.isEmpty)
            }
        }
    }
}

@Suite("TLS of the socket sender without certificates", .timeLimit(.minutes(5)))
struct SocketSenderNoTLSTests {
    @Test("Fails when an https target speaks no TLS")
    func noTLS() async throws {
        let answer = Receiver.Answer.bytesAtOnce(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
        try await Receiver.with(answer) { receiver, sender in
            let outcome = await sender.send(.sample(to: "https://127.0.0.1:\(receiver.port)/hook"))
            #expect(outcome.failureKind == .tls, "\(outcome.summary)")
            #expect(receiver.requests.value.isEmpty)
        }
    }

    @Test("A handshake that is not answered fails in time")
    func silentHandshake() async throws {
        let alarms = ManualAlarms()
        try await Receiver.with(.silence, schedule: alarms.schedule) { receiver, sender in
            async let outcome = sender.send(.sample(to: "https://127.0.0.1:\(receiver.port)/hook"))
            try await receiver.connections.wait { $0.bytes > 0 }
            try await alarms.ring()
            #expect(await outcome.failureKind == .timeout)
            try await receiver.connections.wait { $0.open == 0 }
        }
    }

    @Test(
        "An authorities' file that cannot be read is told at once",
        arguments: ["/absent/authorities.pem", "/etc/hostname", "/tmp"]
    )
    func absentAuthorities(file: String) {
        var settings = SocketSender.Settings()
        settings.authoritiesFile = file
        #expect(throws: (any Error).self) { try SocketSender(version: "1", settings: settings) }
    }
}
