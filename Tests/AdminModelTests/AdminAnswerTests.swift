import AdminModel
import Foundation
import JSON
import StoreContracts
import Testing
import WebhookModel

/// What the admin API answers: bytes that do not change, and that the command line reads.
@Suite("Answers of the admin API")
struct AdminAnswerTests {
    @Test("Members are in the order of the alphabet, and those without a value are left out")
    func usage() throws {
        var usage = WebhookUsage()
        usage.totalCalls = 3
        usage.totalErrors = 1
        let text = AdminAPI.Usage(usage, of: 7).json.text
        #expect(text.hasPrefix(#"{"consecutiveErrors":0,"#))
        #expect(text.hasSuffix(#""totalCalls":3,"totalErrors":1,"webhookId":7}"#))
        let read = try JSONDecoder().decode(AdminAPI.Usage.self, from: Data(text.utf8))
        #expect(read.webhookId == 7)
        #expect(read.totalCalls == 3)
    }

    @Test("An event without a name is null, and slashes stand as they are")
    func webhook() throws {
        var webhook = Webhook()
        webhook.id = 5
        webhook.name = "a/b"
        webhook.events = ["sale.changed", nil]
        webhook.state = .active
        let text = AdminAPI.Webhook(webhook, of: "Default").json.text
        #expect(
            text == #"{"events":["sale.changed",null],"name":"a/b","state":"Active","tenant":"Default","webhookId":5}"#
        )
        let read = try JSONDecoder().decode(AdminAPI.Webhook.self, from: Data(text.utf8))
        #expect(read.events == ["sale.changed", nil])
        #expect(read.type == nil)
    }

    @Test("Counts by their reason are in the order of the reasons")
    func replays() throws {
        var list = AdminAPI.ReplayList()
        for outcome in [ReplayOutcome.unknown, .queued, .alreadyQueued, .impossible, .unknown] { list.count(outcome) }
        list.cursor = "5-1"
        let reasons = [ReplayOutcome.unknown, .alreadyQueued, .impossible].map(\.rawValue).sorted()
        let others = reasons.map { "\"\($0)\":\($0 == ReplayOutcome.unknown.rawValue ? 2 : 1)" }.joined(separator: ",")
        let text = list.json.text
        #expect(text == "{\"cursor\":\"5-1\",\"others\":{\(others)},\"replayed\":1}")
        let read = try JSONDecoder().decode(AdminAPI.ReplayList.self, from: Data(text.utf8))
        #expect(read.others == list.others)
    }
}
