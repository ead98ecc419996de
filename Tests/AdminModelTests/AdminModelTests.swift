import AdminModel
import Foundation
import JSON
import StoreContracts
import Testing
import WebhookModel

/// What the admin API shows of what the service holds.
@Suite("Admin model")
struct AdminModelTests {
    static func record(_ event: Int64) -> DeliveryRecord {
        DeliveryRecord(
            id: DeliveryID(event: event, webhook: 7),
            eventID: UUID(),
            event: "sale.changed",
            tenant: "Default",
            signalled: Timestamp(ticks: 0),
            state: .failed,
            attempts: 1,
            due: nil,
            reason: nil
        )
    }

    @Test("A full page of deliveries has the cursor of its last one, and a shorter page has none")
    func cursor() {
        let records = [Self.record(1), Self.record(2)]
        #expect(AdminAPI.DeliveryList(records, limit: 2).cursor == "2-7")
        #expect(AdminAPI.DeliveryList(records, limit: 3).cursor == nil)
        #expect(AdminAPI.DeliveryList([], limit: 3).deliveries.isEmpty)
    }

    @Test("Replayed deliveries are counted together, and the others by why they were not")
    func replays() {
        var list = AdminAPI.ReplayList()
        for outcome in [ReplayOutcome.queued, .parked, .impossible, .alreadyQueued, .impossible, .unknown] {
            list.count(outcome)
        }
        #expect(list.replayed == 2)
        #expect(list.others == ["impossible": 2, "alreadyQueued": 1, "unknown": 1])
    }

    @Test("A webhook is shown without its secret, its headers and the password in its target")
    func webhook() {
        var webhook = Webhook()
        webhook.id = 7
        webhook.targetURL = "https://anna:pass-word@hooks.example.com/x"
        webhook.secret = "shared-secret"
        webhook.headers = StringDictionary([.init(key: "X-Key", value: "header-value")])
        let text = AdminAPI.Webhook(webhook, of: "Default").json.text
        for hidden in ["pass-word", "shared-secret", "header-value"] { #expect(!text.contains(hidden), "\(text)") }
        #expect(text.contains("hooks.example.com"))
    }

    @Test("The command line reads what the service writes")
    func roundTrip() throws {
        let written = AdminAPI.DeliveryList([Self.record(1)], limit: 1)
        let read = try JSONDecoder().decode(AdminAPI.DeliveryList.self, from: Data(written.json.text.utf8))
        #expect(read.deliveries.map(\.id) == ["1-7"])
        #expect(read.deliveries.map(\.state) == ["failed"])
        #expect(read.cursor == written.cursor)
    }
}
