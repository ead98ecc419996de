import Testing
import WebhookModel

@Suite("Webhook extras")
struct WebhookExtrasTests {
    static let flagTexts: [(text: String, flags: NotifyVia)] = [
        ("None", []), ("", []), ("0", []), ("Email", .email), ("inapp", .inApp), ("2", .inApp),
        ("Email, InApp", [.email, .inApp]), ("INAPP email", [.email, .inApp]), ("3", [.email, .inApp]),
        ("Email,Email", .email), ("None, Email", .email),
    ]

    @Test(
        "Flags are read from names in any case, separated by commas or white space, and from their number",
        arguments: flagTexts
    )
    func flags(text: String, flags: NotifyVia) {
        #expect(NotifyVia(text: text) == flags)
    }

    @Test("What names no flag is none", arguments: ["Sms", "4", "-1", "Email;InApp", "Email Sms", "99999", "1.0"])
    func noFlags(text: String) {
        #expect(NotifyVia(text: text) == nil)
    }

    @Test("Flags are written as .NET writes them")
    func flagText() {
        #expect(NotifyVia([]).text == "None")
        #expect(NotifyWhen([.disabling, .firstFailure]).text == "FirstFailure, Disabling")
        #expect(NotifyWhen.choices == "None (0), FirstFailure (1), Disabling (2), or several, separated by commas")
    }

    private static var stored: Webhook {
        var stored = Webhook()
        stored.state = .stopped
        stored.registered = Timestamp(ticks: 5)
        stored.extras.errorsEmail = "stored"
        stored.extras.description = "stored"
        return stored
    }

    @Test(
        "What a sender's contract lacks stays, and the rest is replaced",
        arguments: [
            (KnownMembers.of87, "stored", "stored"), (.of88, "sent", "stored"), (.all, "sent", "sent"),
        ]
    )
    func replacing(known: KnownMembers, errorsEmail: String, description: String) {
        var sent = Webhook()
        sent.known = known
        sent.name = "sent"
        sent.extras.errorsEmail = "sent"
        sent.extras.description = "sent"
        let replaced = sent.replacing(Self.stored)
        #expect(replaced.name == "sent")
        #expect(replaced.extras.errorsEmail == errorsEmail)
        #expect(replaced.extras.description == description)
        #expect(replaced.state == .stopped)
        #expect(replaced.registered == Timestamp(ticks: 5))
        #expect(replaced.known == .all)
    }
}
