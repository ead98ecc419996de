import DatabaseFiles
import Foundation
import GRDB
import StoreConformance
import StoreContracts
import Synchronization
import Testing
import WebhookModel

@testable import SQLiteStorage

@Suite("Upkeep of a SQLite store", .timeLimit(.minutes(5)))
struct SQLiteUpkeepTests {
    private let files = FileManager.default

    private func failure(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "none"
        } catch {
            return "\(error)"
        }
    }

    private func names(in path: String) throws -> [String] {
        try files.contentsOfDirectory(atPath: (path as NSString).deletingLastPathComponent).sorted()
    }

    @Test(
        "A backup of a store in use holds what was acknowledged before it, opens as a store, and is for its owner only"
    )
    func backup() async throws {
        try await withDatabase { path in
            let target = path + ".backup"
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook("kept"))
                for _ in 0..<10 { _ = try await store.signal(Sample.event("contact.created")) }
                let bytes = try await SQLiteBackup(from: path, to: target).run { _, _ in }
                let status = try #require(FileIdentity.status(of: target))
                #expect(Int(status.st_size) == bytes)
                #expect(status.st_mode & 0o777 == 0o600)
                // One file alone.
                #expect(try names(in: path).filter { $0.contains("backup") } == ["webhooks.db.backup"])
                _ = try await store.add(Sample.webhook("later"))
            }
            try await opening(target) { copy in
                let all = try await copy.webhooks(in: Sample.scope, matching: WebhookFilter())
                #expect(all.map(\.name) == ["kept"])
                let counts = try await copy.pool.read { database in
                    (
                        try Int.fetchOne(database, sql: "SELECT count(*) FROM event"),
                        try String.fetchOne(database, sql: "PRAGMA integrity_check")
                    )
                }
                #expect(counts == (10, "ok"))
            }
        }
    }

    @Test("Commits during a backup neither wait for it nor begin it again, and are not in it")
    func backupUnderLoad() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook(String(repeating: "x", count: 40 << 20)))
                let steps = Mutex<[Int]>([])
                let backup = try SQLiteBackup(from: path, to: path + ".backup")
                let writer = try DatabaseQueue(path: path)
                _ = try await backup.run { done, _ in
                    steps.withLock { $0.append(done) }
                    do {
                        try writer.write {
                            try $0.execute(sql: "INSERT INTO webhook_event VALUES ('t', ?, 1)", arguments: ["\(done)"])
                        }
                    } catch {
                        Issue.record(error)
                    }
                }
                try writer.close()
                let seen = steps.withLock { $0 }
                #expect(seen.count > 5)
                #expect(seen == seen.sorted() && Set(seen).count == seen.count)
                let copy = try DatabaseQueue(path: path + ".backup")
                let count = try await copy.read {
                    try Int.fetchOne($0, sql: "SELECT count(*) FROM webhook_event WHERE tenant = 't'")
                }
                #expect(count == 0)
                try copy.close()
            }
        }
    }

    @Test("A backup is refused where something exists, and leaves it as it is", arguments: ["file", "folder", "link"])
    func backupOverwrites(kind: String) async throws {
        try await withDatabase { path in
            try await opening(path) { _ in }
            let target = path + ".backup"
            switch kind {
            case "file": try Data("kept".utf8).write(to: URL(fileURLWithPath: target))
            case "folder": try files.createDirectory(atPath: target, withIntermediateDirectories: false)
            default: try files.createSymbolicLink(atPath: target, withDestinationPath: "nowhere")
            }
            let before = try names(in: path)
            let problem = await failure { _ = try await SQLiteBackup(from: path, to: target).run { _, _ in } }
            #expect(problem.contains("\(target) exists and is not overwritten"))
            #expect(try names(in: path) == before)
            if kind == "file" { #expect(try String(contentsOfFile: target, encoding: .utf8) == "kept") }
        }
    }

    @Test("A file that came while the backup was made is not overwritten")
    func backupRace() async throws {
        try await withDatabase { path in
            try await opening(path) { _ in }
            let target = path + ".backup"
            let backup = try SQLiteBackup(from: path, to: target)
            try Data("kept".utf8).write(to: URL(fileURLWithPath: target))
            #expect(await failure { _ = try await backup.run { _, _ in } }.contains("is not overwritten"))
            #expect(try String(contentsOfFile: target, encoding: .utf8) == "kept")
            #expect(try names(in: path).filter { $0.contains("part") } == [])
        }
    }

    @Test("A backup that is interrupted leaves nothing")
    func backupInterrupted() async throws {
        try await withDatabase { path in
            try await opening(path) { _ = try await $0.add(Sample.webhook(String(repeating: "x", count: 20 << 20))) }
            let backup = try SQLiteBackup(from: path, to: path + ".backup")
            let isCancelled = DispatchSemaphore(value: 0)
            let cancelled = Task {
                await failure {
                    _ = try await backup.run { _, _ in
                        isCancelled.wait()
                        isCancelled.signal()
                    }
                }
            }
            cancelled.cancel()
            isCancelled.signal()
            #expect(await cancelled.value.contains("interrupted"))
            #expect(try names(in: path).filter { $0.contains("backup") } == [])
        }
    }

    @Test("A backup of what is no store is refused, and nothing is made")
    func backupOfNothing() async throws {
        try await withDatabase { path in
            let target = path + ".backup"
            #expect(await failure { _ = try SQLiteBackup(from: path, to: target) }.contains("there is no such file"))
            let other = try DatabaseQueue(path: path)
            try await other.write { try $0.execute(sql: "CREATE TABLE invoice (id INTEGER)") }
            try other.close()
            #expect(await failure { _ = try SQLiteBackup(from: path, to: target) }.contains("another program's"))
            #expect(!files.fileExists(atPath: target))
        }
    }

    @Test("Compacting gives back what was removed, and changes nothing else")
    func compact() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook("kept"))
                let large = try await store.add(Sample.webhook(String(repeating: "x", count: 10 << 20)))
                #expect(try await store.delete(id: large.id, in: Sample.scope, at: Sample.start))
            }
            let (before, after) = try await whenUnlocked { try await SQLiteCompaction.run(path) }
            #expect(before > 10 << 20)
            #expect(after < 1 << 20)
            try await opening(path) { store in
                let kept = try await store.webhook(id: 1, in: Sample.scope)
                #expect(kept?.name == "kept")
                #expect(try await store.add(Sample.webhook()).id == 3)
                let check = try await store.pool.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
                #expect(check == "ok")
            }
        }
    }

    @Test("Compacting is refused while a service has the file, and where there is none")
    func compactInUse() async throws {
        try await withDatabase { path in
            #expect(await failure { _ = try await SQLiteCompaction.run(path) }.contains("there is no such file"))
            #expect(!files.fileExists(atPath: path))
            try await opening(path) { store in
                #expect(await failure { _ = try await SQLiteCompaction.run(path) }.contains("another process serves"))
                _ = try await store.add(Sample.webhook())
            }
        }
    }
}
