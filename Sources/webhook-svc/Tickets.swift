import AdminModel
import ArgumentParser
import Foundation
import NIOHTTP1

/// `webhook-svc tickets`.
struct Tickets: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tickets",
        abstract: "Look at who is logged in, and end sessions.",
        subcommands: [List.self, Revoke.self]
    )

    /// Which sessions a command is about.
    struct Filter: ParsableArguments {
        @Option(help: "Only those of this tenant.")
        var tenant: String?
        @Option(help: "Only those of this user.")
        var user: String?

        var query: [(String, String?)] { [("tenant", tenant), ("user", user)] }
        var isEmpty: Bool { tenant == nil && user == nil }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List sessions, those used last first."
        )
        @OptionGroup var admin: AdminOptions
        @OptionGroup var filter: Filter
        @Option(help: "How many at most.") var limit = 100

        func run() async throws {
            let data = try await admin.call(.GET, "tickets", query: filter.query + [("limit", String(limit))])
            var table = TextTable(["ID", "TENANT", "USER", "CREATED", "USED", "EXPIRES"])
            for ticket in try JSONDecoder().decode(AdminAPI.TicketList.self, from: data).tickets {
                table.add([ticket.id, ticket.tenant, ticket.user, ticket.created, ticket.used, ticket.expires])
            }
            print(table.text)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke",
            abstract: "End one session, or all that the filters let through.",
            discussion: "Its ticket is refused from then on; by other processes on the same store within a second."
        )
        @OptionGroup var admin: AdminOptions
        @OptionGroup var filter: Filter
        @Argument(help: "The session's id, as in the list.")
        var id: String?
        @Flag(help: "Every session of every tenant.")
        var all = false

        func validate() throws {
            guard id != nil || !filter.isEmpty || all else {
                throw ValidationError("Give a session's id, --user, --tenant or --all.")
            }
            guard !all || (id == nil && filter.isEmpty) else {
                throw ValidationError("--all takes neither an id nor filters.")
            }
        }

        func run() async throws {
            let query = filter.query + [("id", id), ("all", all ? "true" : nil)]
            let data = try await admin.call(.POST, "tickets/revoke", query: query)
            print("\(try JSONDecoder().decode(AdminAPI.Revocation.self, from: data).revoked) revoked")
        }
    }
}
