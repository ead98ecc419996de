import DatabaseFiles
import Foundation
import GRDB
import StoreConformance
import StoreContracts
import Testing
import WebhookModel

@testable import SQLiteStorage

@Suite("SQLite store's file", .timeLimit(.minutes(5)))
struct SQLiteFileTests {
    private let files = FileManager.default

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
            try await opening(path) { _ in }
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
