import Foundation
import GRDB
import StoreContracts
import Testing
import WebhookModel

@testable import AgentStores

@Suite("SQLite store's file", .timeLimit(.minutes(5)))
struct SQLiteFileTests {
    private let files = FileManager.default

    private func failure(opening path: String) -> String {
        do {
            _ = try SQLiteStore(path: path)
            return "none"
        } catch {
            return error.description
        }
    }

    /// Expects that nothing is acknowledged, read or called ready, each with a reason that holds `text`.
    private func expectRefusal(
        _ store: SQLiteStore,
        _ text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let calls: [(String, () async throws -> Void)] = [
            ("signal", { _ = try await store.signal(Sample.event("contact.created")) }),
            ("add", { _ = try await store.add(Sample.webhook()) }),
            ("read", { _ = try await store.webhook(id: 1, in: Sample.scope) }),
            ("health", { try await store.checkHealth() }),
        ]
        for (name, call) in calls {
            do {
                try await call()
                Issue.record("\(name) did not fail", sourceLocation: sourceLocation)
            } catch {
                #expect("\(error)".contains(text), "\(name)", sourceLocation: sourceLocation)
            }
        }
    }

    // MARK: The file under a running store

    @Test("Nothing is acknowledged once the database file was deleted", arguments: ["", "-wal", "-shm"])
    func deleted(suffix: String) async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook())
                try await store.checkHealth()
                try files.removeItem(atPath: store.file.path + suffix)
                await expectRefusal(store, "\(store.file.path + suffix) was deleted")
            }
        }
    }

    @Test("Nothing is acknowledged while another file is in the database's place; the same file put back, it goes on")
    func replaced() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook())
                let path = store.file.path
                try files.moveItem(atPath: path, toPath: path + ".away")
                try files.copyItem(atPath: path + ".away", toPath: path)
                await expectRefusal(store, "\(path) was replaced")
                #expect(rename(path + ".away", path) == 0)
                _ = try await store.signal(Sample.event("contact.created"))
                try await store.checkHealth()
            }
        }
    }

    @Test("What was acknowledged before the journal was deleted is there after a restart")
    func journalDeleted() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook("kept"))
                try files.removeItem(atPath: path + "-wal")
                await expectRefusal(store, "start it again")
            }
            try await opening(path) { store in
                let kept = try await store.webhook(id: 1, in: Sample.scope)
                #expect(kept?.name == "kept")
            }
        }
    }

    // MARK: Names of one file

    @Test(
        "A second store is refused by whatever name it opens the file",
        arguments: ["link", "./webhooks.db", "../{folder}//webhooks.db", "link-to-link", "folder/webhooks.db"]
    )
    func otherNames(name: String) async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                let folder = (path as NSString).deletingLastPathComponent
                try files.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "webhooks.db")
                try files.createSymbolicLink(atPath: folder + "/link-to-link", withDestinationPath: folder + "/link")
                try files.createSymbolicLink(atPath: folder + "/folder", withDestinationPath: ".")
                let other = name.replacingOccurrences(of: "{folder}", with: (folder as NSString).lastPathComponent)
                let problem = failure(opening: folder + "/" + other)
                #expect(problem.contains("another process serves \(store.file.path)"))
                _ = try await store.add(Sample.webhook())
            }
        }
    }

    @Test("A second store is refused also when the lock file was deleted")
    func lockFileDeleted() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                try files.removeItem(atPath: store.file.path + "-lock")
                #expect(failure(opening: path).contains("another process serves"))
            }
        }
    }

    @Test("A file with hard links is refused, and nobody's leases are cleared through one")
    func hardLink() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                let other = path + "-other"
                try files.linkItem(atPath: path, toPath: other)
                #expect(failure(opening: other).contains("has 2 names (hard links)"))
                try files.removeItem(atPath: other)
                _ = try await store.add(Sample.webhook())
            }
            #expect(failure(opening: path) == "none")
        }
    }

    @Test("A link to a file that does not exist yet makes that file, with its journal beside it")
    func danglingLink() async throws {
        try await withDatabase { path in
            let folder = (path as NSString).deletingLastPathComponent
            try files.createSymbolicLink(atPath: path, withDestinationPath: "elsewhere.db")
            try await opening(path) { store in
                #expect((store.file.path as NSString).lastPathComponent == "elsewhere.db")
                #expect(files.fileExists(atPath: folder + "/elsewhere.db-wal"))
            }
        }
    }

    // MARK: What is no database of ours

    @Test(
        "What cannot hold a database is refused with what it is",
        arguments: [
            ("folder", "is a directory"), ("pipe", "is no regular file"), ("loop", "too many symbolic links"),
            ("absent/webhooks.db", "its directory cannot be opened"),
            ("text/webhooks.db", "directory cannot be opened"),
            ("text", "is no SQLite database"), ("link-to-folder", "is a directory"),
        ]
    )
    func noFile(name: String, text: String) async throws {
        try await withDatabase { path in
            let folder = (path as NSString).deletingLastPathComponent
            try files.createDirectory(atPath: folder + "/folder", withIntermediateDirectories: false)
            try files.createSymbolicLink(atPath: folder + "/link-to-folder", withDestinationPath: "folder")
            try files.createSymbolicLink(atPath: folder + "/loop", withDestinationPath: "loop")
            #expect(mkfifo(folder + "/pipe", 0o600) == 0)
            try Data(String(repeating: "This is no database. ", count: 500).utf8)
                .write(to: URL(fileURLWithPath: folder + "/text"))
            let problem = failure(opening: folder + "/" + name)
            #expect(problem.contains(text))
            #expect(problem.contains(folder) && !problem.contains("\n"))
        }
    }

    @Test("A store in memory is not written as a file's")
    func memoryName() {
        #expect(failure(opening: ":memory:").contains("memory:"))
        #expect(!files.fileExists(atPath: ":memory:"))
    }

    @Test("An empty file becomes a database; one with a journal beside it is refused, which stays")
    func emptyFile() async throws {
        try await withDatabase { path in
            #expect(files.createFile(atPath: path, contents: nil))
            #expect(failure(opening: path) == "none")
        }
        for isMissing in [true, false] {
            try await withDatabase { path in
                if !isMissing { #expect(files.createFile(atPath: path, contents: nil)) }
                let journal = Data(repeating: 7, count: 4096)
                try journal.write(to: URL(fileURLWithPath: path + "-wal"))
                #expect(failure(opening: path).contains("is \(isMissing ? "missing" : "empty"), but"))
                #expect(try Data(contentsOf: URL(fileURLWithPath: path + "-wal")) == journal)
            }
        }
    }

    @Test(
        "Another program's database is refused in one line and stays as it is",
        arguments: [
            "CREATE TABLE invoice (id INTEGER)", "PRAGMA application_id = 1196444487",
            "CREATE TABLE webhook (id INTEGER); CREATE TABLE delivery (id INTEGER)",
            "CREATE TABLE grdb_migrations (identifier TEXT)",
        ]
    )
    func otherProgram(sql: String) async throws {
        try await withDatabase { path in
            let other = try DatabaseQueue(path: path)
            try await other.write { try $0.execute(sql: sql) }
            try other.close()
            let content = try Data(contentsOf: URL(fileURLWithPath: path))
            let problem = failure(opening: path)
            #expect(problem.contains("another program's database") && !problem.contains("\n"))
            #expect(problem.contains(path))
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == content)
        }
    }

    @Test("A database of a version that did not mark its files is taken, and marked")
    func earlierVersion() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook("kept"))
                try await store.pool.write { try $0.execute(sql: "PRAGMA application_id = 0") }
            }
            try await opening(path) { store in
                #expect(try await store.webhook(id: 1, in: Sample.scope)?.name == "kept")
                let mark = try await store.pool.read { try Int32.fetchOne($0, sql: "PRAGMA application_id") }
                #expect(mark == DatabaseInspection.applicationID)
            }
        }
    }

    // MARK: Damage

    /// Overwrites the root page of a table.
    private func damage(_ path: String, table: String) async throws {
        let queue = try DatabaseQueue(path: path)
        let (page, size) = try await queue.writeWithoutTransaction { database in
            _ = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            let page = try Int.fetchOne(
                database,
                sql: "SELECT rootpage FROM sqlite_master WHERE name = ?",
                arguments: [table]
            )
            return (try #require(page), try #require(try Int.fetchOne(database, sql: "PRAGMA page_size")))
        }
        try queue.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seek(toOffset: UInt64((page - 1) * size))
        try file.write(contentsOf: Data(repeating: 0xAA, count: size))
        try file.close()
    }

    @Test("A damaged file is refused at the start, with what to do", arguments: ["attempt", "delivery", "webhook"])
    func damaged(table: String) async throws {
        try await withDatabase { path in
            try await opening(path) { _ = try await $0.add(Sample.webhook()) }
            try await damage(path, table: table)
            let problem = failure(opening: path)
            #expect(problem.contains("\(path) is damaged") && problem.contains("restore a backup"))
            #expect(!problem.contains("\n"))
        }
    }

    @Test("A truncated file is refused at the start")
    func truncated() async throws {
        try await withDatabase { path in
            try await opening(path) { _ = try await $0.add(Sample.webhook()) }
            #expect(truncate(path, 4096 * 3) == 0)
            #expect(failure(opening: path).contains("\(path) is damaged"))
        }
    }

    @Test("Damage that is found while a large file is served ends all acknowledgement")
    func damagedInBackground() async throws {
        try await withDatabase { path in
            try await opening(path) { _ = try await $0.add(Sample.webhook()) }
            try await damage(path, table: "attempt")
            let store = try SQLiteStore(path: path, checkedBytes: 0)
            let deadline = ContinuousClock.now + .seconds(30)
            while ContinuousClock.now < deadline, (try? await store.checkHealth()) != nil {
                try await Task.sleep(for: .milliseconds(5))
            }
            await expectRefusal(store, "\(path) is damaged")
        }
    }

    @Test("A file in order is served while it is searched for damage")
    func orderInBackground() async throws {
        try await withDatabase { path in
            try await opening(path) { _ = try await $0.add(Sample.webhook()) }
            for _ in 0..<20 {
                let store = try SQLiteStore(path: path, checkedBytes: 0)
                _ = try await store.signal(Sample.event("contact.created"))
                try await store.checkHealth()
            }
        }
    }

    @Test("Damage that a call meets ends all acknowledgement", arguments: [ResultCode.SQLITE_CORRUPT, .SQLITE_NOTADB])
    func damageMet(code: ResultCode) async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook())
                await #expect(throws: StoreError.self) {
                    try await store.read { _ in throw DatabaseError(resultCode: code) }
                }
                await expectRefusal(store, "\(path) is damaged")
            }
        }
    }

    @Test("A full disk makes a store unready until a commit succeeds")
    func full() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook())
                let large = Sample.webhook(String(repeating: "x", count: 1 << 20))
                let most = try await store.pool.writeWithoutTransaction { database in
                    let most = try Int.fetchOne(database, sql: "PRAGMA max_page_count")
                    try database.execute(sql: "PRAGMA max_page_count = 1")
                    return most ?? 0
                }
                await #expect(throws: StoreError.self) { try await store.add(large) }
                // What this commits would find room.
                let error = await #expect(throws: StoreError.self) { try await store.checkHealth() }
                #expect(error?.description.contains(path) == true)
                try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(most)") }
                _ = try await store.add(large)
                try await store.checkHealth()
            }
        }
    }

    @Test("A commit that failed makes a store unready for a while only, where no other follows")
    func faultEnds() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                let health = DatabaseHealth(path: store.file.path)
                let begun = ContinuousClock.now
                for code in [ResultCode.SQLITE_IOERR, .SQLITE_IOERR_FSYNC, .SQLITE_FULL, .SQLITE_READONLY] {
                    _ = health.note(DatabaseError(resultCode: code), at: begun)
                    #expect(throws: StoreError.self) { try health.checkReadiness(at: begun + .seconds(4)) }
                    try health.check()
                    try health.checkReadiness(at: begun + .seconds(6))
                }
                for code in [ResultCode.SQLITE_BUSY, .SQLITE_CONSTRAINT] {
                    health.noteCommit()
                    _ = health.note(DatabaseError(resultCode: code), at: begun)
                    try health.checkReadiness(at: begun)
                }
            }
        }
    }

    // MARK: Space

    @Test("A journal that has grown under a long reader is given back")
    func journal() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook())
                let size = { FileIdentity.status(of: path + "-wal").map { Int($0.st_size) } ?? 0 }
                let reader = try store.pool.makeSnapshot()
                for round in 0..<40 {
                    try await store.pool.write { database in
                        try database.execute(
                            sql: "UPDATE webhook SET body_suffix = ?",
                            arguments: [Data(repeating: UInt8(round), count: 1 << 20)]
                        )
                    }
                }
                _ = try await reader.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM webhook") }
                #expect(size() > 32 << 20)
                try reader.close()
                for _ in 0..<3 { try await store.checkHealth() }
                #expect(size() <= 32 << 20)
            }
        }
    }
}
