import DeliveryTransport
import Foundation
import Networking
import TestSupport
import Testing
import WebhookModel

/// RFC 9525: dNSName entries are for names and iPAddress entries for addresses, and nothing else counts.
@Suite(
    "Names of certificates",
    .timeLimit(.minutes(5)),
    .enabled(if: TestCertificate.command != nil, "There is no openssl command to make certificates with.")
)
struct SocketSenderCertificateTests {
    /// Runs `body` with a target that shows a certificate that the sender trusts, behind a proxy or not.
    private func withTarget(
        _ certificate: TestCertificate,
        isProxied: Bool,
        _ body: (Receiver, SocketSender) async throws -> Void
    ) async throws {
        try await Receiver.with(
            .http("HTTP/1.1 200 OK"),
            layers: Receiver.Layers(tunnel: isProxied ? "HTTP/1.1 200 OK\r\n\r\n" : nil, tls: certificate.context),
            resolver: ScriptedResolver(["127.0.0.1"]),
            adjust: { settings, receiver in
                settings.authoritiesFile = certificate.file
                settings.proxy = isProxied ? TargetURL("http://127.0.0.1:\(receiver.port)") : nil
            },
            body
        )
    }

    private func expectRefused(_ url: String, _ names: String, commonName: String = "test", isProxied: Bool)
        async throws
    {
        try await TestCertificate.with(names, commonName: commonName) { certificate in
            try await withTarget(certificate, isProxied: isProxied) { receiver, sender in
                let outcome = await sender.send(.sample(to: url.replacing("PORT", with: "\(receiver.port)")))
                #expect(outcome.failureKind == .tls, "\(outcome.summary)")
                let host = TargetURL(url.replacing("PORT", with: "1"))?.host ?? "?"
                let shown = names.isEmpty ? "common name" : names.replacing("IP:", with: "IP Address:")
                for part in [host, "validate-https", shown] {
                    #expect(outcome.summary.contains(part), "\(outcome.summary)")
                }
                #expect(receiver.requests.value.isEmpty, "nothing is sent")
                try await receiver.connections.wait { $0.open == 0 }
            }
        }
    }

    @Test("A certificate for the address that a name leads to is not one for the name", arguments: [false, true])
    func addressOnly(isProxied: Bool) async throws {
        try await expectRefused("https://target.test:PORT/", "IP:127.0.0.1", isProxied: isProxied)
    }

    @Test("A certificate for the proxy's address is not one for another address")
    func proxysAddress() async throws {
        try await expectRefused("https://127.0.0.9:PORT/", "IP:127.0.0.1", isProxied: true)
    }

    @Test("A name that reads like an address is none", arguments: [false, true])
    func addressAsName(isProxied: Bool) async throws {
        try await expectRefused("https://127.0.0.1:PORT/", "DNS:127.0.0.1", isProxied: isProxied)
    }

    @Test("The common name does not count")
    func commonName() async throws {
        try await expectRefused("https://target.test:PORT/", "", commonName: "target.test", isProxied: false)
    }

    @Test(
        "A wildcard stands for one whole label on the left",
        arguments: [
            ("a.b.target.test", "DNS:*.target.test"), ("target.test", "DNS:*.target.test"),
            ("ab.target.test", "DNS:a*.target.test"), ("a.target.test", "DNS:a.*.test"),
            ("xn--bcher-kva.target.test", "DNS:xn--*.target.test"),
        ]
    )
    func wildcards(host: String, names: String) async throws {
        try await expectRefused("https://\(host):PORT/", names, isProxied: false)
    }

    @Test(
        "A certificate is taken for its names and addresses, through a proxy too",
        arguments: [
            ("target.test", "DNS:other.test,DNS:target.test", "target.test"),
            ("TARGET.test", "DNS:Target.TEST", "target.test"), ("target.test.", "DNS:target.test", "target.test"),
            ("a.target.test", "DNS:*.target.test", "a.target.test"),
            ("b\u{FC}cher.test", "DNS:xn--bcher-kva.test", "xn--bcher-kva.test"),
            ("127.0.0.1", "DNS:target.test,IP:127.0.0.1", nil), ("[::ffff:127.0.0.1]", "IP:::ffff:127.0.0.1", nil),
        ],
        [false, true]
    )
    func accepted(certificate: (host: String, names: String, asked: String?), isProxied: Bool) async throws {
        // OpenSSL makes the iPAddress of a mapped address as it is given.
        try await TestCertificate.with(certificate.names) { made in
            try await withTarget(made, isProxied: isProxied) { receiver, sender in
                let outcome = await sender.send(.sample(to: "https://\(certificate.host):\(receiver.port)/hook"))
                #expect(outcome.summary == "HTTP/1.1 200 OK", "\(outcome.summary)")
                #expect(made.askedNames.value == [certificate.asked], "SNI has no dot at the end and no address")
            }
        }
    }
}
