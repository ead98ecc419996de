import Foundation
import Testing

@testable import ListenerCertificates

/// What clients will hold against the listener's certificate.
@Suite("The listener's certificate")
struct ListenerCertificateTests {
    /// From 2026-11-30T10:20:42Z to 2026-12-30T10:20:42Z.
    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIB0jCCAXigAwIBAgIUbDDD3bv5G7ZgUJ3DxrCGvfjSP7YwCgYIKoZIzj0EAwIw
        GTEXMBUGA1UEAwwOY24uZXhhbXBsZS5jb20wHhcNMjYxMTMwMTAyMDQyWhcNMjYx
        MjMwMTAyMDQyWjAZMRcwFQYDVQQDDA5jbi5leGFtcGxlLmNvbTBZMBMGByqGSM49
        AgEGCCqGSM49AwEHA0IABBhN0xFonGQyxmTo9F+6A5DAnqziwTK8K8/+NIip0hz8
        Nqkm3ncW7mzkfsU+51VmIYDTTHjzyjsCV0K7zjSAmLGjgZ0wgZowHQYDVR0OBBYE
        FOLEv88aXopy47dzsZ4PpKV5e0DJMB8GA1UdIwQYMBaAFOLEv88aXopy47dzsZ4P
        pKV5e0DJMA8GA1UdEwEB/wQFMAMBAf8wRwYDVR0RBEAwPoIPY3JtLmV4YW1wbGUu
        Y29tghMqLmhvb2tzLmV4YW1wbGUuY29thwTAAAIBhxAgAQ24AAAAAAAAAAAAAAAB
        MAoGCCqGSM49BAMCA0gAMEUCIQDkTUoC9Wg6gcc2TUuR1uEAxlLFoHArugTcetlc
        1ddvSAIgcmyBEWQtabrZXTDnaINxPy+hY8ZCzXvpyD63CnVrLps=
        -----END CERTIFICATE-----

        """
    /// Made for this test, and used nowhere.
    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4hRm2Qse9HOMtAN8
        wh9V601cTFCSVVO8Ic7p5GDteEuhRANCAAQYTdMRaJxkMsZk6PRfugOQwJ6s4sEy
        vCvP/jSIqdIc/DapJt53Fu5s5H7FPudVZiGA00x488o7AldCu840gJix
        -----END PRIVATE KEY-----

        """

    private static func doubts(
        host: String?,
        at text: String = "2026-12-15T00:00:00Z",
        copies: Int = 1
    ) throws -> [CertificateDoubt] {
        let directory = FileManager.default.temporaryDirectory.appending(path: "ListenerCertificateTests-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let files = ListenerCertificate.Files(
            certificate: directory.path + "/certificate.pem",
            key: directory.path + "/key.pem"
        )
        let chain = String(repeating: certificate, count: copies)
        try chain.write(toFile: files.certificate, atomically: true, encoding: .utf8)
        try key.write(toFile: files.key, atomically: true, encoding: .utf8)
        let now = try Date(text, strategy: .iso8601)
        return try ListenerCertificate(files).doubts(host: host, now: now)
    }

    @Test(
        "Names and addresses that it is for are not doubted",
        arguments: [nil, "crm.example.com", "CRM.example.com", "a.hooks.example.com", "192.0.2.1", "2001:db8::1"]
    )
    func right(host: String?) throws {
        #expect(try Self.doubts(host: host) == [])
    }

    @Test(
        "A certificate's other hosts are doubted, the subject's common name among them",
        arguments: [
            "example.com", "hooks.example.com", "a.b.hooks.example.com", "192.0.2.2", "2001:db8::2", "cn.example.com",
            "crm.example.com.evil.example", "localhost",
        ]
    )
    func wrong(host: String) throws {
        let doubts = try Self.doubts(host: host)
        #expect(doubts.map(\.reason) == [.otherHost(host)])
        let names =
            "DNS:crm.example.com, DNS:*.hooks.example.com, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1"
        #expect(doubts.first?.names == names)
    }

    @Test("One that is over, or has not begun, is doubted with its dates, each of a chain")
    func dates() throws {
        for (now, reason) in [
            ("2026-12-30T10:20:43Z", CertificateDoubt.Reason.expired), ("2026-11-30T10:20:41Z", .notYetValid),
        ] {
            let doubts = try Self.doubts(host: "crm.example.com", at: now, copies: 2)
            #expect(doubts.map(\.reason) == [reason, reason])
            #expect(doubts.map(\.position) == [1, 2])
            #expect(doubts.first?.from.formatted(.iso8601) == "2026-11-30T10:20:42Z")
            #expect(doubts.first?.to.formatted(.iso8601) == "2026-12-30T10:20:42Z")
        }
        for now in ["2026-12-30T10:20:42Z", "2026-11-30T10:20:42Z"] {
            #expect(try Self.doubts(host: nil, at: now) == [])
        }
    }
}
