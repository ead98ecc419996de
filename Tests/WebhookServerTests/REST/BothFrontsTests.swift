import AgentCore
import Foundation
import ServerConfiguration
import StoreContracts
import Testing
import WebhookModel

@testable import WebhookServer

/// The two fronts are one service: what is done through either has the same outcome, leaves the same webhooks, and
/// sends the same notifications (docs/contract.md#section-3 and docs/contract.md#section-8).
@Suite("SOAP and REST answer alike", .timeLimit(.minutes(10)))
struct BothFrontsTests {
    /// Who calls: with the right to webhooks, without it, without a session.
    enum Who: Sendable { case anna, carl, nobody }

    struct Step: Sendable {
        let name: String
        let call: FrontCall
        var who = Who.anna
        /// How many webhooks there are then.
        let stored: Int
        /// How many notifications have been sent by then, test events included.
        let sent: Int
        /// The exception that every front answers.
        var fails: String?
        /// What REST answers where it is bound to differ from SOAP (docs/contract.md#section-8).
        var otherwise: [FrontKind: FrontAnswer] = [:]
    }

    /// What a step left behind.
    struct Record: Equatable {
        var answer: FrontAnswer
        var stored: String
        var sent: [String]
    }

    static let hook = Hook(
        name: "Blåbær & <co>",
        events: ["sale.changed", "Order.Paid"],
        secret: "nøkkel",
        state: "Active",
        type: "webhook",
        headers: [("X-Region", "Tromsø"), ("X-Empty", "")],
        properties: [
            .text("region", "nord"), .scalar("count", "int", "5"), .scalar("big", "long", "9007199254740993"),
            .scalar("rate", "double", "0.25"), .scalar("on", "boolean", "true"), .null("none"),
            .texts("list", ["a", "å"]), .ints("numbers", [1, -2]),
            .object("nested", [.text("inner", "x"), .object("deeper", [.scalar("n", "int", "1")])]),
        ]
    )
    static let listener = Hook(name: "listener", events: ["webhook1.stopped", "webhook1.started"])
    static let stopped = Hook(name: "stopped", events: ["sale.changed"], state: "Stopped")
    static let failing = Hook(name: "failing", target: ScriptedSender.failingURL)

    static func absent(_ id: Int) -> FrontAnswer {
        .failed("SoNotFoundException", "There is no webhook with the id \(id).")
    }

    static func notFound(_ id: Int) -> [FrontKind: FrontAnswer] { [.entity: absent(id)] }

    static let life: [Step] =
        [
            Step(name: "the default", call: .createDefault, stored: 0, sent: 0),
            Step(name: "no webhook", call: .save(nil), stored: 0, sent: 0, fails: "SoInvalidArgumentException"),
            Step(
                name: "an empty webhook",
                call: .save(Hook(name: nil, events: nil, target: nil)),
                stored: 0,
                sent: 0,
                fails: "SoValidationException"
            ),
            Step(
                name: "no events and a target that is no URL",
                call: .save(Hook(events: [], target: "ftp://x/")),
                stored: 0,
                sent: 0,
                fails: "SoValidationException"
            ),
            Step(
                name: "a header's name that cannot be one",
                call: .save(Hook(headers: [("a b", "x")])),
                stored: 0,
                sent: 0,
                fails: "SoValidationException"
            ),
            Step(name: "a failing target", call: .save(failing), stored: 0, sent: 1, fails: "SoValidationException"),
            Step(name: "an unknown id", call: .save(Hook(id: 99)), stored: 0, sent: 1, fails: "SoNotFoundException"),
            Step(name: "a whole webhook", call: .save(hook), stored: 1, sent: 2),
            Step(name: "the least webhook", call: .save(listener), stored: 2, sent: 3),
            Step(name: "a stopped one", call: .save(stopped), stored: 3, sent: 3),
            Step(name: "get", call: .get(1), stored: 3, sent: 3),
            Step(name: "get an absent one", call: .get(99), stored: 3, sent: 3, otherwise: notFound(99)),
        ]
        + [
            (nil, nil, nil), ("Blåbær & <co>", nil, nil), ("blåbær & <co>", nil, nil), (nil, "ORDER.paid", nil),
            (nil, "order", nil), (nil, nil, "Stopped"), (nil, nil, "Unknown"), ("", "", nil),
            ("stopped", "sale.changed", "Stopped"), ("stopped", "sale.changed", "Active"),
        ].map { (name: String?, event: String?, state: String?) in
            Step(
                name: "list \(name ?? "-"), \(event ?? "-"), \(state ?? "-")",
                call: .list(name: name, event: event, state: state),
                stored: 3,
                sent: 3
            )
        } + [
            Step(
                name: "signal with data",
                call: .signal("SALE.changed", key: 7, data: hook.properties),
                stored: 3,
                sent: 4
            ),
            Step(name: "signal without data", call: .signal("order.paid", key: -1), stored: 3, sent: 5),
            Step(name: "signal to nobody", call: .signal("nobody.listens", key: 0, data: []), stored: 3, sent: 5),
            Step(name: "stop", call: .save(stopping), stored: 3, sent: 6),
            Step(name: "signal to a stopped one", call: .signal("sale.changed", key: 8), stored: 3, sent: 6),
            Step(name: "start with less", call: .save(starting), stored: 3, sent: 8),
            Step(name: "leave the state", call: .save(Hook(id: 1, name: nil)), stored: 3, sent: 9),
            Step(name: "test", call: .test(hook), stored: 3, sent: 10),
            Step(name: "test what fails", call: .test(failing), stored: 3, sent: 11),
            Step(name: "test without events", call: .test(Hook(events: nil)), stored: 3, sent: 12),
            Step(name: "test nothing", call: .test(nil), stored: 3, sent: 12, fails: "SoInvalidArgumentException"),
            Step(
                name: "test without a target",
                call: .test(Hook(target: "")),
                stored: 3,
                sent: 12,
                fails: "SoValidationException"
            ),
            Step(
                name: "test another type",
                call: .test(Hook(type: "crmscript")),
                stored: 3,
                sent: 12,
                fails: "SoNotSupportedException"
            ),
            Step(name: "no last error", call: .lastError(1), stored: 3, sent: 12),
            Step(name: "no webhook's last error", call: .lastError(99), stored: 3, sent: 12),
        ] + refusals + [
            Step(
                name: "signal without the right",
                call: .signal("sale.changed", key: 9),
                who: .carl,
                stored: 3,
                sent: 13
            ),
            Step(name: "delete", call: .delete(1), stored: 2, sent: 13),
            Step(name: "delete again", call: .delete(1), stored: 2, sent: 13, otherwise: [.entity: absent(1)]),
            Step(name: "signal to a deleted one", call: .signal("sale.changed", key: 10), stored: 2, sent: 13),
        ]

    private static var stopping: Hook {
        var hook = hook
        hook.id = 1
        hook.state = "Stopped"
        return hook
    }

    private static var starting: Hook {
        var hook = stopping
        hook.state = "Active"
        hook.secret = nil
        hook.headers = []
        hook.properties = Array((hook.properties ?? []).prefix(2))
        return hook
    }

    /// Every operation but the signal by who has no right, and all of them by who has no session.
    private static let refusals: [Step] = {
        let calls: [FrontCall] = [
            .createDefault, .save(hook), .save(stopping), .get(1), .list(), .delete(1), .test(hook), .lastError(1),
        ]
        let refused = calls.map { (Who.carl, $0, "SoSentryException") }
        let unknown = (calls + [.signal("sale.changed", key: 1)]).map { (Who.nobody, $0, "SoSessionException") }
        return (refused + unknown).map { who, call, type in
            Step(name: "\(who): \(call)", call: call, who: who, stored: 3, sent: 12, fails: type)
        }
    }()

    /// Deliveries that fail, twice in a row being too many.
    static let failures: [Step] = [
        Step(
            name: "save",
            call: .save(Hook(events: ["sale.changed"], target: ScriptedSender.failingURL)),
            stored: 1,
            sent: 0
        ),
        Step(name: "listen", call: .save(Hook(events: ["webhook1.errors"])), stored: 2, sent: 0),
        Step(name: "fail", call: .signal("sale.changed", key: 1), stored: 2, sent: 1),
        Step(name: "the last error", call: .lastError(1), stored: 2, sent: 1),
        Step(name: "fail too often", call: .signal("sale.changed", key: 2), stored: 2, sent: 3),
        Step(name: "too many errors", call: .list(state: "TooManyErrors"), stored: 2, sent: 3),
    ]

    @Test("Every step has the same outcome through each", arguments: [false, true])
    func table(failures: Bool) async throws {
        let steps = failures ? Self.failures : Self.life
        let expected = try await Self.records(of: steps, through: .soap11, failures: failures)
        for kind in FrontKind.allCases where kind != .soap11 {
            let records = try await Self.records(of: steps, through: kind, failures: failures)
            for (step, (record, expected)) in zip(steps, zip(records, expected)) {
                let cell = Comment("\(kind), step '\(step.name)'")
                #expect(record.answer == step.otherwise[kind] ?? expected.answer, cell)
                #expect(record.stored == expected.stored, cell)
                #expect(record.sent == expected.sent, cell)
            }
        }
    }

    @Test("A failed delivery's error is told through each", arguments: FrontKind.allCases)
    func lastError(kind: FrontKind) async throws {
        let records = try await Self.records(of: Array(Self.failures.prefix(4)), through: kind, failures: true)
        #expect(records.last?.answer == .text("HTTP/1.1 500 Internal Server Error\n\nbroken"))
    }

    /// Carries the steps out on a service of their own.
    private static func records(
        of steps: [Step],
        through kind: FrontKind,
        failures: Bool
    ) async throws -> [Record] {
        try await RunningService.with(settings: { settings in
            settings.installation = Callers.installation(.onSite)
            settings.rules.sendsFieldValues = true
            settings.rules.verifiesTarget = !failures
            settings.policy.schedule = .cycles(delays: [], count: 1, pause: .zero)
            settings.policy.failureLimit = 2
        }) { service in
            let callers = Callers(service: service, kind: .onSite, tenant: "Default", token: nil)
            let tickets = [
                Who.anna: try #require(try await callers.login("anna", "right")),
                Who.carl: try #require(try await callers.login("carl", "right")),
            ]
            let front = kind.front(service)
            let reader = SOAPCaller(service: service, isSOAP12: false)
            let rest = RESTClient(service: service)
            var records: [Record] = []
            var seen = 0
            for step in steps {
                let cell = Comment("\(kind), step '\(step.name)'")
                let answer = try await front.call(step.call, ticket: tickets[step.who])
                try await rest.waitUntilIdle()
                let stored = try await reader.stored(ticket: try #require(tickets[.anna]))
                let sent = service.sender.sent
                #expect(stored.matches(of: /<Webhook>/).count == step.stored, cell)
                #expect(sent.count == step.sent, cell)
                if case .failure(let type, _) = answer {
                    #expect(step.otherwise[kind] == answer || step.fails == type, cell)
                } else {
                    #expect(step.fails == nil, "\(cell): \(answer)")
                }
                records.append(
                    Record(answer: answer, stored: stored, sent: sent.dropFirst(seen).map(Self.described).sorted())
                )
                seen = sent.count
            }
            return records
        }
    }

    /// All of a notification but its id and its time.
    static func described(_ notification: WebhookNotification) -> String {
        let headers = (notification.headers?.entries ?? []).map { "\($0.key): \($0.value ?? "nil")" }
        let body = String(decoding: notification.body, as: UTF8.self)
            .replacing(/"EventId":"[^"]*"/, with: "\"EventId\":id")
            .replacing(/"(Timestamp|registered|updated)":"[^"]*"/) { "\"\($0.1)\":time" }
        return """
            \(notification.url) \(notification.event) retry \(notification.retry) test \(notification.isTest) \
            secret \(notification.secret ?? "nil") headers \(headers) \(body)
            """
    }
}
