import Foundation
import GRDB
import StoreConformance
import Testing
import WebhookModel

@testable import SQLiteStorage

@Suite("Files that an SQLite store takes or refuses", .timeLimit(.minutes(5)))
struct SQLiteForeignFileTests {
    private let files = FileManager.default

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
            try await opening(path) { _ in }
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
}
