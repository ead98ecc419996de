package import Foundation
package import StoreContracts
package import Testing
package import WebhookModel

/// Values that cases are made of.
package enum Sample {
    /// When every case begins.
    package static let start = Timestamp(ticks: 17_400_000_001_234_567)
    package static let scope = WebhookScope(tenant: "Default")
    package static let owner = UUID()
    package static let lease = Duration.seconds(30)
    /// Later than anything that a case does.
    package static let farFuture = start.advanced(by: .seconds(1_000_000))

    package static func after(_ duration: Duration) -> Timestamp {
        start.advanced(by: duration)
    }

    package static func webhook(
        _ name: String = "Sample",
        events: [String?]? = ["contact.created"],
        state: WebhookState = .active,
        type: String? = nil
    ) -> Webhook {
        var webhook = Webhook()
        webhook.name = name
        webhook.events = events
        webhook.targetURL = "https://example.com/" + name
        webhook.state = state
        webhook.type = type
        return webhook
    }

    package static func event(
        _ name: String = "contact.created",
        tenant: String = "Default",
        id: UUID = UUID(),
        time: Timestamp = start,
        missed: MissedEvents = .record
    ) -> Event {
        var event = Event(
            id: id,
            tenant: tenant,
            name: name,
            bodyHead: Array("head".utf8),
            bodyTail: Array("tail".utf8),
            time: time
        )
        event.missed = missed
        return event
    }

    static func associate(_ id: Int32, _ name: String) -> Associate {
        Associate(
            associateID: id,
            name: name,
            personID: 17,
            rank: -3,
            tooltip: "Tooltip \u{20AC}",
            type: .externalAssociate,
            groupIndex: 4,
            fullName: "Bj\u{F8}rn \u{10400}",
            formalName: "Dr. \(name)",
            deleted: true,
            ejUserID: 99,
            userName: name + "@example.com"
        )
    }

    /// A webhook with something in every field, and in each something that is easily lost.
    package static var full: Webhook {
        var webhook = Webhook()
        webhook.name = "Gr\u{F6}\u{DF}e \u{1F511} \"quoted\" 'single' \\ 100% _\r\n\ttail "
        webhook.events = ["contact.created", nil, "", "Contact.CREATED", "k\u{F6}rper.\u{43A}\u{43B}\u{44E}\u{447}"]
        webhook.targetURL = "https://example.com:8443/h?a=1&b=%20#c"
        webhook.secret = String(repeating: "\u{43A}\u{43B}\u{44E}\u{447}-\u{1F511};", count: 20_000)
        webhook.state = .stopped
        webhook.type = "crmscript"
        webhook.headers = StringDictionary([
            .init(key: "X-B", value: "2"), .init(key: "X-A", value: ""), .init(key: "X-B", value: nil),
            .init(key: "", value: "\u{E9}"),
        ])
        webhook.properties = properties
        webhook.registered = Timestamp(ticks: 17_000_000_000_000_001)
        webhook.registeredBy = associate(1, "first")
        webhook.updated = Timestamp(ticks: 17_000_000_000_000_009)
        webhook.updatedBy = associate(2, "second")
        webhook.extras = extras
        return webhook
    }

    private static var extras: WebhookExtras {
        var extras = WebhookExtras()
        extras.errorsEmail = "Gr\u{F6}\u{DF}e <a@example.com>"
        extras.errorEmails = ["a@example.com", nil, "", "b@example.com"]
        var item = ListItem(id: .max)
        item.name = "\u{1F511}"
        item.toolTip = ""
        item.deleted = true
        item.rank = -1
        item.type = "associate"
        item.childItems = [ListItem(id: 1), ListItem(id: .min)]
        item.iconHint = "icon"
        item.colorBlock = 7
        item.extraInfo = "\r\n"
        item.styleHint = "style"
        item.fullName = "a/b"
        extras.errorAssociates = [item, ListItem(id: 0)]
        extras.description = "\t"
        extras.notifyVia = [.email, .inApp]
        extras.notifyWhen = .disabling
        return extras
    }

    /// Null and empty where both can be told apart.
    package static var null: Webhook {
        var webhook = Webhook()
        webhook.state = .tooManyErrors
        return webhook
    }

    package static var empty: Webhook {
        var webhook = Webhook()
        webhook.name = ""
        webhook.events = []
        webhook.targetURL = ""
        webhook.secret = ""
        webhook.state = .active
        webhook.type = ""
        webhook.headers = StringDictionary()
        webhook.properties = ObjectDictionary()
        webhook.extras.errorsEmail = ""
        webhook.extras.errorEmails = []
        webhook.extras.errorAssociates = []
        webhook.extras.description = ""
        webhook.registered = Timestamp(ticks: 0)
        webhook.updated = Timestamp(ticks: -1)
        return webhook
    }

    /// Every type that a value can have, its text as clients write it.
    private static var properties: ObjectDictionary {
        let scalars: [(ScalarType, String)] = [
            (.string, " padded "), (.boolean, "1"), (.byte, "-128"), (.unsignedByte, "255"), (.short, "-32768"),
            (.unsignedShort, "65535"), (.int, "+007"), (.unsignedInt, "4294967295"), (.long, "-9223372036854775808"),
            (.unsignedLong, "18446744073709551615"), (.float, "1.10"), (.double, "-INF"),
            (.decimal, "12345678901234567890.12345678901234567890"), (.dateTime, "2024-02-29T12:30:15"),
            (.base64Binary, "AAEC/w=="), (.anyURI, "urn:a:b"), (.guid, "no guid at all"), (.char, "8364"),
            (.duration, "-P1DT0.5S"),
        ]
        let simple = scalars.map { ("scalar-" + $0.0.rawValue, TypedValue.scalar($0.0, text: $0.1)) }
        let nested = ObjectDictionary([
            ("z", .dictionary(ObjectDictionary([("deep", .ints([Int32.min, 0, Int32.max]))]))), ("a", .null),
        ])
        let others: [(String, TypedValue)] = [
            ("null", .null), ("untyped", .untyped(text: "True")),
            ("name", .qualifiedName(prefix: "p", namespace: "urn:\u{FC}", localName: "local")),
            ("no prefix", .qualifiedName(prefix: "", namespace: "", localName: "local")),
            ("strings", .strings(["b", nil, "", "a"])), ("no strings", .strings([])), ("no ints", .ints([])),
            ("nested", .dictionary(nested)), ("no members", .dictionary(ObjectDictionary())),
            ("json", .json("[1,\"two\",{\"b\":1.0,\"a\":null}]")), ("", .string("")),
        ]
        return ObjectDictionary(simple + others)
    }
}

extension Timestamp {
    /// Earlier than anything that a case does.
    package static let distantPast = Timestamp(ticks: 0)
    static let distantFuture = Timestamp(ticks: .max)
}

extension SendOutcome {
    package static let ok = SendOutcome.answered(TargetAnswer(status: 200, reason: "OK"))
    package static let serverError = SendOutcome.answered(TargetAnswer(status: 500, reason: "no"))
    package static let gone = SendOutcome.answered(TargetAnswer(status: 410, reason: "Gone"))
}

extension AgentStore {
    /// Gives up all that ``Sample/owner`` holds.
    func giveUpLeases(at now: Timestamp) async throws {
        let deliveries = try await deliveries(
            matching: DeliveryFilter(),
            in: .newestFirst,
            after: nil,
            limit: 10_000
        )
        try await release(deliveries.map(\.id), owner: Sample.owner, now: now)
    }
}

extension DeliveryQueue {
    package func take(
        _ limit: Int = 10_000,
        by owner: UUID = Sample.owner,
        at now: Timestamp = Sample.start,
        lease: Duration = Sample.lease
    ) async throws -> [ClaimedDelivery] {
        try await claim(ClaimLimits(total: limit), for: Lease(owner: owner, start: now, duration: lease))
    }

    package func take(_ limits: ClaimLimits, at now: Timestamp = Sample.start) async throws -> [ClaimedDelivery] {
        try await claim(limits, for: Lease(owner: Sample.owner, start: now, duration: Sample.lease))
    }
}

extension AgentStore {
    /// Signals an event, claims all that is due, and returns the first of it. Throws when nothing is due.
    func signalAndTake(
        _ event: Event = Sample.event(),
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> ClaimedDelivery {
        try await signal(event)
        return try #require(try await take().first, sourceLocation: location)
    }

    /// All there are.
    package func allWebhooks() async throws(StoreError) -> [(tenant: String, webhook: Webhook)] {
        try await allWebhooks(after: 0, limit: .max)
    }

    package func expectCounts(
        pending: Int,
        failed: Int,
        parked: Int = 0,
        missed: Int = 0,
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await counts()
        #expect(found.pending == pending, sourceLocation: location)
        #expect(found.failed == failed, sourceLocation: location)
        #expect(found.parked == parked, sourceLocation: location)
        #expect(found.missed == missed, sourceLocation: location)
    }

    /// What passes the filter, newest first.
    package func list(
        _ filter: DeliveryFilter = DeliveryFilter(),
        after cursor: DeliveryID? = nil,
        limit: Int = 1000
    ) async throws -> [DeliveryRecord] {
        try await deliveries(matching: filter, after: cursor, limit: limit)
    }

    /// One step of pruning that removes nothing but what is asked for.
    @discardableResult
    package func prune(
        attemptsBefore: Timestamp = .distantPast,
        attempts: Int = .max,
        failedBefore: Timestamp = .distantPast,
        rows: Int = 1000,
        now: Timestamp = .distantFuture
    ) async throws -> Bool {
        let limits = LogLimits(
            attemptsBefore: attemptsBefore,
            attempts: attempts,
            failedBefore: failedBefore,
            rowsPerStep: rows,
            now: now
        )
        return try await prune(limits)
    }
}
