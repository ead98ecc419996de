import AdminModel
import ArgumentParser
import Foundation
import NIOHTTP1

/// `webhook-svc deliveries`.
struct Deliveries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "Look at what became of deliveries, and ask for them again.",
        subcommands: [List.self, Show.self, Replay.self]
    )

    /// Which deliveries a command is about.
    struct Filter: ParsableArguments {
        @Option(help: "Only those of the webhook with this id.")
        var webhook: Int32?
        @Option(help: "Only those of events of this name.")
        var event: String?
        @Option(help: "Only those that are pending, delivered, failed, parked or missed.")
        var state: String?
        @Option(help: .value("time", "Only those of events signalled then or later, in UTC."))
        var since: String?
        @Option(help: .value("time", "Only those of events signalled before, such as 2024-06-01T09:30:00Z."))
        var until: String?

        var query: [(String, String?)] {
            [
                ("webhookId", webhook.map(String.init)), ("event", event), ("state", state), ("since", since),
                ("until", until),
            ]
        }

        var isEmpty: Bool { query.allSatisfy { $0.1 == nil } }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List deliveries, the newest first."
        )
        @OptionGroup var admin: AdminOptions
        @OptionGroup var filter: Filter
        @Option(help: "How many at most.") var limit = 100
        @Option(help: "Go on where a former list ended.")
        var cursor: String?

        func run() async throws {
            let query = filter.query + [("limit", String(limit)), ("cursor", cursor)]
            let data = try await admin.call(.GET, "deliveries", query: query)
            let page = try JSONDecoder().decode(AdminAPI.DeliveryList.self, from: data)
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
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show one delivery with its body and its attempts."
        )
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
            commandName: "replay",
            abstract: "Queue a delivery again, or all that the filters let through, those of the first events first.",
            discussion:
                "What a webhook missed: --webhook ID --state missed --since TIME. No order of arrival is promised."
        )
        @OptionGroup var admin: AdminOptions
        @OptionGroup var filter: Filter
        @Argument(help: "The delivery's id; leave it out and give filters to replay many.")
        var id: String?

        func validate() throws {
            guard (id == nil) != filter.isEmpty else {
                throw ValidationError(
                    "Give either a delivery's id or at least one of --webhook, --event, --state, --since and --until."
                )
            }
        }

        func run() async throws {
            if let id {
                let data = try await admin.call(.POST, "deliveries/\(id)/replay")
                print("\(id) \(try JSONDecoder().decode(AdminAPI.Replay.self, from: data).outcome)")
            } else {
                try await replayAll()
            }
        }

        /// In calls of a bounded number, so that none of them takes long.
        private func replayAll() async throws {
            var sum = AdminAPI.ReplayList()
            repeat {
                var query = filter.query.filter { $0.0 != "until" || sum.until == nil }
                query += [("until", sum.until), ("cursor", sum.cursor), ("limit", String(Self.replaysPerCall))]
                let data = try await admin.call(.POST, "deliveries/replay", query: query)
                let outcomes = try JSONDecoder().decode(AdminAPI.ReplayList.self, from: data)
                sum.replayed += outcomes.replayed
                sum.others.merge(outcomes.others, uniquingKeysWith: +)
                (sum.cursor, sum.until) = (outcomes.cursor, outcomes.until)
                if let cursor = sum.cursor {
                    warn("\(sum.replayed) replayed so far, up to \(cursor)")
                }
            } while sum.cursor != nil
            let others = sum.others.sorted { $0.key < $1.key }.map { ", \($0.value) \($0.key)" }.joined()
            print("\(sum.replayed) replayed\(others)")
        }

        private static let replaysPerCall = 1000
    }
}

/// `webhook-svc webhooks`.
struct Webhooks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks",
        abstract: "Look at webhooks.",
        subcommands: [List.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List every webhook, whoever registered it."
        )
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let data = try await admin.call(.GET, "webhooks")
            let list = try JSONDecoder().decode(AdminAPI.WebhookList.self, from: data)
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
}
