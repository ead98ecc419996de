import Foundation
import GRDB
import StoreConformance
import StoreContracts
import Testing
import WebhookModel

@testable import SQLiteStorage

@Suite("Opening a SQLite store", .timeLimit(.minutes(5)))
struct SQLiteOpeningTests {
    private func failure(opening path: String) -> StoreError? {
        do {
            _ = try SQLiteStore(path: path)
            return nil
        } catch {
            return error
        }
    }

    @Test("Makes commits durable against loss of power")
    func durability() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                let settings = try await store.pool.writeWithoutTransaction { database in
                    (
                        try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                        try String.fetchOne(database, sql: "PRAGMA journal_mode")
                    )
                }
                #expect(settings.0 == 2)
                #expect(settings.1 == "wal")
            }
        }
    }

    @Test("A second SQLite store is refused while another holds the file")
    func inUse() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                for _ in 0..<3 { #expect(failure(opening: path)?.kind == "inUse") }
                let webhook = try await store.add(Sample.webhook())
                #expect(try await store.webhook(id: webhook.id, in: Sample.scope) == webhook)
            }
            #expect(failure(opening: path) == nil)
        }
    }

    @Test("A SQLite file of a newer version is refused and not changed")
    func newerSchema() async throws {
        try await withDatabase { path in
            try await opening(path) { _ = try await $0.add(Sample.webhook("kept")) }
            let queue = try DatabaseQueue(path: path)
            var newer = Schema.migrator
            newer.registerMigration("9999") { try $0.execute(sql: "CREATE TABLE from_the_future (id INTEGER)") }
            try newer.migrate(queue)
            for _ in 0..<2 {
                let error = try #require(failure(opening: path))
                #expect(error.kind == "newerSchema")
                #expect(error.description.contains("9999"))
            }
            let names = try await queue.read { try String.fetchAll($0, sql: "SELECT name FROM webhook") }
            #expect(names == ["kept"])
            try queue.close()
        }
    }

    @Test("A file that is no SQLite database is refused and not changed")
    func noDatabase() async throws {
        try await withDatabase { path in
            let content = Data(String(repeating: "This is no database. ", count: 500).utf8)
            try content.write(to: URL(fileURLWithPath: path))
            for _ in 0..<2 { #expect(failure(opening: path)?.kind == "unavailable") }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == content)
        }
    }

    @Test(
        "A SQLite store is refused where no file can be made",
        arguments: ["/absent/webhooks.db", "-file/webhooks.db"]
    )
    func noDirectory(suffix: String) async throws {
        try await withDatabase { path in
            try Data("a file".utf8).write(to: URL(fileURLWithPath: path + "-file"))
            #expect(failure(opening: path + suffix)?.kind == "unavailable")
        }
    }

    /// Whoever is root may write anywhere.
    @Test("A SQLite store is refused in a directory that cannot be written", .enabled(if: geteuid() != 0))
    func readOnlyDirectory() async throws {
        try await withDatabase { path in
            let directory = path + "-directory"
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o500]
            )
            #expect(failure(opening: directory + "/webhooks.db")?.kind == "unavailable")
        }
    }

    @Test("Finds what cannot be read only when it is read")
    func corruptRow() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                let webhook = try await store.add(Sample.webhook())
                try await store.pool.write { try $0.execute(sql: "UPDATE webhook SET state = 99") }
                await #expect(throws: StoreError.self) { try await store.webhook(id: webhook.id, in: Sample.scope) }
                let fine = try await store.add(Sample.webhook())
                #expect(try await store.webhook(id: fine.id, in: Sample.scope) == fine)
            }
        }
    }

    @Test("A delivery with an unknown state is not sent again, and the error names the column")
    func unknownState() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                let webhook = try await store.add(Sample.webhook())
                #expect(try await store.signal(Sample.event()) == 1)
                try await store.pool.write { try $0.execute(sql: "UPDATE delivery SET state = 99") }
                let event = try #require(await store.pool.read { try Int64.fetchOne($0, sql: "SELECT id FROM event") })
                let id = DeliveryID(event: event, webhook: webhook.id)
                let problem = StoreError.corrupt(
                    "the column state of the table delivery holds 99, which is no state of a delivery"
                )
                let replayed = await #expect(throws: StoreError.self) { try await store.replay(id, now: Sample.start) }
                #expect(replayed?.description == problem.description)
            }
        }
    }
}
