import DeliveryTransport
import Foundation
import NIOHTTP1
import Testing
import WebhookModel

@Suite("Notification request")
struct NotificationRequestTests {
    private static let request = NotificationRequest(version: "1.2.3")
    private static let eventID = UUID(uuid: (0xAB, 0xCD, 0xEF, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13))

    private static let notification = WebhookNotification(
        url: "https://example.com/hook",
        headers: nil,
        secret: nil,
        event: "contact.created",
        eventID: eventID,
        retry: 0,
        isTest: false,
        body: Array("{\"Event\":\"contact.created\",\"WebhookName\":\"Gr\u{F6}\u{DF}e \u{2713}\"}".utf8)
    )

    private static func lines(_ change: (inout WebhookNotification) -> Void = { _ in }) -> [String] {
        var notification = Self.notification
        change(&notification)
        return request.headers(of: notification).map { "\($0.name): \($0.value)" }.sorted()
    }

    private static let plain = [
        "Content-Type: application/json; charset=utf-8",
        "User-Agent: NetServer-Webhook/1.2.3",
        "X-SuperOffice-Event: contact.created",
        "X-SuperOffice-EventId: abcdef01-0203-0405-0607-08090a0b0c0d",
        "X-SuperOffice-Retry: 0",
    ]

    @Test("Carries the documented headers and no others")
    func documentedHeaders() {
        #expect(Self.lines() == Self.plain)
    }

    @Test(
        "Secrets that only look the same sign with keys of their own",
        arguments: [("\u{E9}", "e\u{301}"), ("K", "\u{212A}"), ("\u{C5}", "\u{212B}")]
    )
    func lookalikeSecrets(first: String, second: String) {
        let (signer, body) = (NotificationSigner(), Self.notification.body)
        let signatures = [first, second, first].map { signer.signature(of: body, secret: $0) }
        #expect(signatures[0] != signatures[1])
        #expect(signatures[0] == signatures[2])
        #expect(signatures[1] == NotificationSigner().signature(of: body, secret: second))
    }

    @Test("Says how many attempts were made before", arguments: [1, 2, 8])
    func retry(count: Int) {
        #expect(Self.lines { $0.retry = count }.contains("X-SuperOffice-Retry: \(count)"))
    }

    @Test("Says that it is a test only when it is")
    func test() {
        #expect(Self.lines { $0.isTest = true } == (Self.plain + ["X-Hook-Test: true"]).sorted())
    }

    @Test("A notification without a secret is not signed", arguments: [nil, ""])
    func unsigned(secret: String?) {
        #expect(Self.lines { $0.secret = secret } == Self.plain)
    }

    /// Computed with Python: `base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())`.
    @Test(
        "A notification's exact body bytes are signed under the secret's UTF-8",
        arguments: [
            (
                "Schl\u{FC}ssel-\u{1F511}-\u{43A}\u{43B}\u{44E}\u{447}",
                "{\"Event\":\"contact.created\",\"WebhookName\":\"Gr\u{F6}\u{DF}e \u{2713}\"}",
                "xmcG9ufPxRmnDYFpITdDNyBevnpa2RQaaJpdl5VmQSQ="
            ),
            ("Jefe", "what do ya want for nothing?", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="),
            // A key that is longer than a block, and no body.
            (String(repeating: "\u{FC}", count: 100), "", "K0pUAaNqYnlEUZ1Bvk8AHfBi92cnVe1Qn8cSPvrm5k0="),
        ]
    )
    func signature(secret: String, body: String, expected: String) {
        // Twice, because what is kept from the first must not change the second.
        for _ in 0..<2 {
            let lines = Self.lines {
                $0.secret = secret
                $0.body = Array(body.utf8)
            }
            #expect(lines == (Self.plain + ["X-SuperOffice-Signature: " + expected]).sorted())
        }
    }

    @Test("A signature that was made before is sent as it is")
    func signatureMadeBefore() {
        let lines = Self.lines {
            $0.secret = "secret"
            $0.signature = "bWFkZSBiZWZvcmU="
        }
        #expect(lines == (Self.plain + ["X-SuperOffice-Signature: bWFkZSBiZWZvcmU="]).sorted())
    }

    @Test("Many secrets at once sign each under its own")
    func manySecrets() async {
        // More than are kept ready.
        func signatures() async -> [Int: [String]] {
            await withTaskGroup(of: (Int, [String]).self) { group in
                for number in 0..<1500 {
                    group.addTask { (number, Self.lines { $0.secret = "secret \(number)" }) }
                }
                return await group.reduce(into: [Int: [String]]()) { $0[$1.0] = $1.1 }
            }
        }
        let first = await signatures()
        #expect(Set(first.values).count == 1500)
        #expect(await signatures() == first)
    }

    @Test("Carries the webhook's own headers as they are")
    func ownHeaders() {
        let lines = Self.lines {
            $0.headers = StringDictionary([
                .init(key: "Authorization", value: "Bearer x y"), .init(key: "X-Empty", value: ""),
                .init(key: "X-Null", value: nil), .init(key: "x-Mixed", value: "Gr\u{F6}\u{DF}e"),
            ])
        }
        let own = ["Authorization: Bearer x y", "X-Empty: ", "X-Null: ", "x-Mixed: Gr\u{F6}\u{DF}e"]
        #expect(lines == (Self.plain + own).sorted())
    }

    @Test(
        "Keeps the headers that carry the delivery from being replaced",
        arguments: [
            "Host", "content-length", "Content-Type", "TRANSFER-ENCODING", "connection", "X-SuperOffice-Event",
            "x-superoffice-eventid", "X-SUPEROFFICE-RETRY", "X-SuperOffice-Signature", "X-SuperOffice-Anything",
            "X-Hook-Test", "",
        ]
    )
    func reservedHeaders(name: String) {
        let own = StringDictionary([.init(key: name, value: "forged"), .init(key: name, value: nil)])
        #expect(Self.lines { $0.headers = own } == Self.plain)
        let signed = Self.lines { $0.secret = "s" }
        let forged = Self.lines {
            $0.secret = "s"
            $0.headers = own
        }
        #expect(forged == signed)
    }

    @Test("Lets a webhook say who it is from")
    func ownUserAgent() {
        let lines = Self.lines { $0.headers = StringDictionary([.init(key: "user-agent", value: "Mine/1")]) }
        #expect(lines.filter { $0.lowercased().hasPrefix("user-agent") } == ["user-agent: Mine/1"])
    }

    @Test(
        "Carries an event name that no header can hold in percent-encoding",
        arguments: [
            ("contact.created\r\nX-Evil: 1", "contact.created%0D%0AX-Evil: 1"),
            ("kontakt.ge\u{E4}ndert", "kontakt.ge%C3%A4ndert"),
            ("\u{0}\u{1F}\u{7F}\t", "%00%1F%7F%09"),
            ("\u{1F511}", "%F0%9F%94%91"),
            ("all safe ~!%41", "all safe ~!%41"),
        ]
    )
    func eventName(name: String, expected: String) {
        let values = Self.request.headers(of: Self.named(name))["X-SuperOffice-Event"]
        #expect(values == [expected])
        #expect(values.allSatisfy { $0.utf8.allSatisfy { (0x20..<0x7F).contains($0) } })
    }

    private static func named(_ event: String) -> WebhookNotification {
        var notification = Self.notification
        notification.event = event
        return notification
    }
}
