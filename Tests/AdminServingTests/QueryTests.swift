import AgentCore
import HummingbirdCore
import StoreContracts
import Testing
import WebhookModel

@testable import AdminServing

/// What the parameters of an admin call mean.
@Suite("Parameters of admin calls")
struct QueryTests {
    static func query(_ text: String) throws -> AdminQuery {
        try AdminQuery(URI("/admin/v1/deliveries?\(text)").queryParameters)
    }

    @Test("A filter of deliveries has the parameters that were given, and no others")
    func filter() throws {
        #expect(try Self.query("").filter() == DeliveryFilter())
        let filter = try Self.query(
            "webhookId=7&event=sale.changed&state=failed&since=2024-06-01T09:30:00.0000001Z&until=2024-06-02T00:00:00Z"
        ).filter()
        let expected = DeliveryFilter(
            webhook: 7,
            event: "sale.changed",
            state: .failed,
            since: Timestamp(ticks: 17_172_342_000_000_001),
            until: Timestamp(ticks: 17_172_864_000_000_000)
        )
        #expect(filter == expected)
    }

    @Test(
        "A parameter that will not do is named",
        arguments: [
            ("webhook=7", "there is no parameter"), ("event=a%00b", "event: it holds the character U+0000"),
            ("webhookId=0", "webhookId: "), ("state=gone", "state: "), ("since=yesterday", "since: "),
            ("until=2024-06-01T09:30:00%2B02:00", "until: "),
        ]
    )
    func refused(text: String, message: String) {
        let failure = #expect(throws: AdminQuery.ParseError.self) { try Self.query(text).filter() }
        #expect(failure?.description.hasPrefix(message) == true, "\(failure?.description ?? "")")
    }

    @Test("Numbers, flags and durations are read, and are nil or false where none is given")
    func values() throws {
        let query = try Self.query("limit=5&all=true&timeout=300ms&user=anna&tenant=Default")
        #expect(try query.int("limit", in: 1...10) == 5)
        #expect(throws: AdminQuery.ParseError.self) { try query.int("limit", in: 6...10) }
        #expect(try query.flag("all"))
        #expect(try query.duration("timeout") == .milliseconds(300))
        #expect(query.sessions() == SessionFilter(tenant: "Default", userName: "anna"))
        let empty = try Self.query("")
        #expect(try empty.int("limit", in: 1...10) == nil)
        #expect(try !empty.flag("all"))
        #expect(try empty.duration("timeout") == nil)
        #expect(throws: AdminQuery.ParseError.self) { try Self.query("all=yes").flag("all") }
        #expect(throws: AdminQuery.ParseError.self) { try Self.query("timeout=soon").duration("timeout") }
    }
}
