import Foundation
import StoreConformance
import StoreContracts
import StoreSupport
import Testing
import WebhookModel

/// A row with the values that a test gives it.
private struct MadeUpRow: StoreRow {
    let names: [String]
    var values: [StoredValue]

    /// Creates a row from the names and the values of its columns, in one order.
    init(_ names: [String], _ values: [StoredValue]) {
        (self.names, self.values) = (names, values)
    }

    /// The same row with another value in one column.
    func with(_ value: StoredValue, in name: String) throws -> MadeUpRow {
        var row = self
        row.values[try #require(names.firstIndex(of: name))] = value
        return row
    }

    func optionalInt(_ column: Int) throws(StoreError) -> Int64? {
        switch values[column] {
        case .null: nil
        case .int(let value): value
        case .text, .bytes: throw damaged(column, "no number")
        }
    }

    func optionalText(_ column: Int) throws(StoreError) -> String? {
        switch values[column] {
        case .null: nil
        case .text(let value): value
        case .int, .bytes: throw damaged(column, "no text")
        }
    }

    func optionalBytes(_ column: Int) throws(StoreError) -> [UInt8]? {
        switch values[column] {
        case .null: nil
        case .bytes(let value): value
        case .int, .text: throw damaged(column, "no bytes")
        }
    }

    func uuid(_ column: Int) throws(StoreError) -> UUID {
        guard let value = UUID(uuidString: try text(column)) else { throw damaged(column, "no guid") }
        return value
    }

    func name(of column: Int) -> String { names[column] }
}

/// Rows that a database should not hold, because somebody changed them by hand or the file is damaged.
@Suite("Rows of SQL stores that hold what they should not")
struct RecordRowTests {
    private static let guid = UUID()

    private static let delivery = MadeUpRow(
        ["event_id", "webhook_id", "guid", "name", "tenant", "created", "state", "attempts", "due", "reason"],
        [
            .int(7), .int(3), .text(guid.uuidString), .text("a.b"), .text("Default"), .int(100), .int(0), .int(2),
            .int(200), .text("no"),
        ]
    )
    private static let attempt = MadeUpRow(
        Attempt.columns.names,
        [
            .text("https://example.com/"), .null, .int(100), .int(5), .int(1), .null, .null, .text("HTTP/1.1 200 OK"),
            .null, .bytes([1]),
        ]
    )
    private static let session = MadeUpRow(
        Session.columns.names,
        [.bytes([1, 2]), .text("Default"), .text("tje0"), .int(100), .int(200)]
    )
    private static let webhook = MadeUpRow(
        WebhookRow.read.names,
        [
            .int(3), .null, .null, .null, .null, .int(1), .null, .null, .null, .int(100), .null, .int(200),
            .null, .null, .text("Default"),
        ]
    )

    /// Sees that reading fails, with an error that a person can find the damage by.
    private func expectCorrupt(_ naming: String, _ read: () throws -> Void) throws {
        let error = try #require(throws: StoreError.self, performing: read)
        #expect(error.kind == "corrupt", "\(error)")
        #expect("\(error)".contains(naming), "\(error)")
    }

    @Test("Rows that are in order are read, with null where there may be none")
    func inOrder() throws {
        let delivery = try DeliveryRecord(Self.delivery)
        #expect(delivery.id == DeliveryID(event: 7, webhook: 3))
        #expect((delivery.eventID, delivery.event, delivery.tenant) == (Self.guid, "a.b", "Default"))
        #expect((delivery.state, delivery.attempts) == (.pending, 2))
        #expect((delivery.due, delivery.reason) == (Timestamp(ticks: 200), "no"))
        let attempt = try Attempt(Self.attempt)
        #expect((attempt.summary, attempt.status) == ("HTTP/1.1 200 OK", nil))
        #expect(try Session(Self.session).userName == "tje0")
        #expect(try WebhookRow.webhook(Self.webhook).state == .active)
        #expect(try WebhookRow.tenant(Self.webhook) == "Default")
    }

    @Test("The states of deliveries in a database are the numbers from 0, and null for what was delivered")
    func states() throws {
        for state in DeliveryRowState.allCases {
            let row = try Self.delivery.with(.int(Int64(state.rawValue)), in: "state")
            #expect(try DeliveryRecord(row).state == state.deliveryState)
        }
        #expect(try DeliveryRecord(Self.delivery.with(.null, in: "state")).state == .delivered)
    }

    @Test("A delivery with an unknown state is an error that tells the number", arguments: [-1, 4, 256, .max, .min])
    func unknownState(number: Int64) throws {
        let row = try Self.delivery.with(.int(number), in: "state")
        try expectCorrupt("the column state of the table delivery holds \(number)") { _ = try DeliveryRecord(row) }
    }

    @Test("A webhook with an unknown state is an error that tells its id", arguments: [-1, 99, 32_767])
    func unknownWebhookState(number: Int64) throws {
        let row = try Self.webhook.with(.int(number), in: "state")
        try expectCorrupt("webhook 3 has an unknown state") { _ = try WebhookRow.webhook(row) }
    }

    @Test(
        "Null in a column of a delivery that must have a value is an error that names the column",
        arguments: ["event_id", "webhook_id", "guid", "name", "tenant", "created", "attempts"]
    )
    func deliveryWithoutValue(column: String) throws {
        let row = try Self.delivery.with(.null, in: column)
        try expectCorrupt("the column \(column) holds null") { _ = try DeliveryRecord(row) }
    }

    @Test(
        "Null in a column of an attempt that must have a value is an error that names the column",
        arguments: ["url", "started", "duration", "retry", "summary", "answer"]
    )
    func attemptWithoutValue(column: String) throws {
        let row = try Self.attempt.with(.null, in: column)
        try expectCorrupt("the column \(column) holds null") { _ = try Attempt(row) }
    }

    @Test(
        "Null in a column of a session is an error that names the column",
        arguments: ["digest", "tenant", "user_name", "created", "used"]
    )
    func sessionWithoutValue(column: String) throws {
        let row = try Self.session.with(.null, in: column)
        try expectCorrupt("the column \(column) holds null") { _ = try Session(row) }
    }

    @Test(
        "Null in a column of a webhook that must have a value is an error that names the column",
        arguments: ["id", "state", "registered", "updated"]
    )
    func webhookWithoutValue(column: String) throws {
        let row = try Self.webhook.with(.null, in: column)
        try expectCorrupt("the column \(column) holds null") { _ = try WebhookRow.webhook(row) }
    }

    @Test("An id that is too large for its column is an error that names the column")
    func tooLarge() throws {
        let row = try Self.delivery.with(.int(1 << 31), in: "webhook_id")
        try expectCorrupt("the column webhook_id holds a number that is too large") { _ = try DeliveryRecord(row) }
    }
}
