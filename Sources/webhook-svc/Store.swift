import ArgumentParser
import WebhookServer

/// `webhook-svc store`.
struct Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Work on what a service keeps, without the service.",
        subcommands: [Copy.self]
    )

    struct Copy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy webhooks, deliveries, attempts and sessions to another store.",
            discussion: """
                Stop every service on either store first. All is copied or nothing is, and ids stay. What was being sent \
                when its service died is due in the copy.
                """
        )
        @Option(help: ArgumentHelp("Where it is: sqlite:PATH or postgres://...", valueName: "url"))
        var from: String
        @Option(help: ArgumentHelp("Where it goes: sqlite:PATH or postgres://...", valueName: "url"))
        var to: String
        @Flag(help: "Empty the target first; without it a target that is not empty is refused.")
        var overwrite = false

        func run() async throws {
            do {
                for line in try await StoreCopying.run(from: from, to: to, overwriting: overwrite) { print(line) }
            } catch let error as SettingsError {
                throw failure(error.description, code: 64)
            } catch {
                throw failure("\(error)", code: 1)
            }
        }
    }
}
