import ArgumentParser
import Logging
import ServerConfiguration
import Synchronization
import UnixSignals
import WebhookServer

/// `webhook-svc store`.
struct Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Work on what a service keeps.",
        subcommands: [Copy.self, Backup.self, Compact.self, Migrate.self]
    )

    struct Copy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "copy",
            abstract: "Copy webhooks, deliveries, attempts and sessions to another store.",
            discussion: """
                Stop every service on either store first; a store that is served is refused. All is copied or nothing is, and \
                ids stay. What was being sent when its service died is due in the copy.
                """
        )
        @Option(help: .value("url", "Where it is: sqlite:PATH or postgres://..."))
        var from: String
        @Option(help: .value("url", "Where it goes: sqlite:PATH or postgres://..."))
        var to: String
        @Flag(help: "Empty the target first; without it a target that is not empty is refused.")
        var overwrite = false

        func run() async throws {
            try await reporting {
                let logger = Logger(label: "store")
                let lines = try await StoreCopying.run(from: from, to: to, overwriting: overwrite, logger: logger)
                for line in lines { print(line) }
            }
        }
    }

    struct Backup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "backup",
            abstract: "Copy a SQLite store into a new file, also while a service runs on it.",
            discussion: """
                The copy is of one moment, is searched for damage, and gets its name only when it is whole. Calls go on \
                meanwhile; the file PATH-wal grows by what they write. The file can be read by its owner only, as it \
                holds secrets. To restore it, see docs/backup.md.
                """
        )
        @Option(help: .value("url", "The store: sqlite:PATH."))
        var from: String
        @Option(help: .value("file", "The file to make. One that exists is not overwritten."))
        var to: String

        func run() async throws {
            let told = Mutex(ContinuousClock.now)
            let backup = Task { [from, to] in
                try await StoreUpkeep.backUp(from: from, to: to) { done, all in
                    let isTime = told.withLock { told in
                        guard ContinuousClock.now - told > .seconds(1) else { return false }
                        told = .now
                        return true
                    }
                    if isTime { warn("copied \(done) of \(all) pages") }
                }
            }
            let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
            let interruption = Task {
                for await _ in signals { backup.cancel() }
            }
            defer { interruption.cancel() }
            try await reporting { print(try await backup.value) }
        }
    }

    struct Compact: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "compact",
            abstract: "Give back the space that a SQLite store no longer needs.",
            discussion: """
                Stop the service first. The file is written anew, at 30 MB a second on a busy machine, and for that time \
                takes up to twice as much again as it will hold in the end. What is removed from a store leaves room that is used again, \
                so this is worth while only after a backlog that will not come again.
                """
        )
        @Option(help: .value("url", "The store: sqlite:PATH."))
        var store: String

        func run() async throws {
            try await reporting { print(try await StoreUpkeep.compact(store)) }
        }
    }
}

extension Store {
    struct Migrate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "migrate",
            abstract: "Make or migrate the schema of a PostgreSQL store, and the next days' partitions.",
            discussion: """
                A service does both when it starts, and the partitions each day. Where its role may not change the schema, \
                run this as the role that owns the tables: before each new version, and again before the days are over. \
                Services may run meanwhile.
                """
        )
        @Option(help: .value("url", "The store: postgres://..."))
        var store: String
        @Option(help: .value("count", "For how many next days partitions are made."))
        var days = 30

        func run() async throws {
            try await reporting {
                print(try await StoreUpkeep.migrate(store, days: days, logger: Logger(label: "store")))
            }
        }
    }
}

/// Carries `body` out; what it throws becomes one line on standard error, and a code.
private func reporting(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let error as SettingsError {
        throw failure(error.description, code: 64)
    } catch {
        throw failure("\(error)", code: 1)
    }
}
