import DatabaseFiles
import Foundation
import GRDB
import StoreConformance
import StoreContracts
import TestSupport
import Testing

@testable import SQLiteStorage

@Suite("SQLite store with a damaged file or a full disk", .timeLimit(.minutes(5)))
struct SQLiteDamageTests {
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
            try await eventually("The store is unhealthy") { (try? await store.checkHealth()) == nil }
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
}
