import ArgumentParser
import Foundation
import NIOHTTP1

/// `webhook-svc deliveries`.
struct Deliveries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at what became of deliveries, and ask for them again.",
        subcommands: [List.self, Show.self, Replay.self]
    )

    /// Which deliveries a command is about.
    struct Filter: ParsableArguments {
        @Option(help: "Only those of the webhook with this id.")
        var webhook: Int32?
        @Option(help: "Only those of events of this name.")
        var event: String?
        @Option(help: "Only those that are pending, delivered, failed or parked.")
        var state: String?

        var query: [(String, String?)] {
            [("webhookId", webhook.map(String.init)), ("event", event), ("state", state)]
        }

        var isEmpty: Bool { webhook == nil && event == nil && state == nil }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List deliveries, the newest first.")
        @OptionGroup var admin: AdminOptions
        @OptionGroup var filter: Filter
        @Option(help: "How many at most.")
        var limit = 100
        @Option(help: "Go on where a former list ended.")
        var cursor: String?

        func run() async throws {
            let query = filter.query + [("limit", String(limit)), ("cursor", cursor)]
            let page = try JSONDecoder().decode(Page.self, from: try await admin.call(.GET, "deliveries", query: query))
            var table = TextTable(["ID", "STATE", "EVENT", "SIGNALLED", "ATTEMPTS", "REASON"])
            for delivery in page.deliveries {
                table.add([
                    delivery.id, delivery.state, delivery.event, delivery.signalled, String(delivery.attempts),
                    delivery.reason ?? "",
                ])
            }
            print(table.text)
            if let cursor = page.cursor { print("\nmore: --cursor \(cursor)") }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one delivery with its body and its attempts.")
        @OptionGroup var admin: AdminOptions
        @Argument(help: "The delivery's id, as in the list.")
        var id: String

        func run() async throws {
            let data = try await admin.call(.GET, "deliveries/\(id)")
            let value = try JSONSerialization.jsonObject(with: data)
            let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try JSONSerialization.data(withJSONObject: value, options: options), as: UTF8.self))
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Queue a delivery again, or all that the filters let through."
        )
        @OptionGroup var admin: AdminOptions
        @OptionGroup var filter: Filter
        @Argument(help: "The delivery's id; leave it out and give filters to replay many.")
        var id: String?

        func validate() throws {
            guard (id == nil) != filter.isEmpty else {
                throw ValidationError("Give either a delivery's id or at least one of --webhook, --event and --state.")
            }
        }

        func run() async throws {
            if let id {
                let data = try await admin.call(.POST, "deliveries/\(id)/replay")
                print("\(id) \(try JSONDecoder().decode(Outcome.self, from: data).outcome)")
            } else {
                let data = try await admin.call(.POST, "deliveries/replay", query: filter.query)
                let outcome = try JSONDecoder().decode(Outcomes.self, from: data)
                let others = outcome.others.sorted { $0.key < $1.key }.map { ", \($0.value) \($0.key)" }.joined()
                print("\(outcome.replayed) replayed\(others)")
            }
        }
    }

    private struct Page: Decodable {
        struct Delivery: Decodable {
            let id: String
            let state: String
            let event: String
            let signalled: String
            let attempts: Int
            let reason: String?
        }

        let deliveries: [Delivery]
        let cursor: String?
    }

    private struct Outcome: Decodable {
        let outcome: String
    }

    private struct Outcomes: Decodable {
        let replayed: Int
        let others: [String: Int]
    }
}

/// `webhook-svc webhooks`.
struct Webhooks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Look at webhooks.", subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List every webhook, whoever registered it.")
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let list = try JSONDecoder().decode(Page.self, from: try await admin.call(.GET, "webhooks"))
            var table = TextTable(["ID", "TENANT", "STATE", "NAME", "EVENTS", "TARGET"])
            for webhook in list.webhooks {
                table.add([
                    String(webhook.webhookId), webhook.tenant, webhook.state, webhook.name ?? "",
                    webhook.events.compactMap(\.self).joined(separator: ","), webhook.targetUrl ?? "",
                ])
            }
            print(table.text)
        }
    }

    private struct Page: Decodable {
        struct Webhook: Decodable {
            let webhookId: Int32
            let tenant: String
            let name: String?
            let events: [String?]
            let targetUrl: String?
            let state: String
        }

        let webhooks: [Webhook]
    }
}
