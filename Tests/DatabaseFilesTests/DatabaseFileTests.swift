import Foundation
import StoreContracts
import TestSupport
import Testing

@testable import DatabaseFiles

/// Which files can hold a database, and for whom.
@Suite("Files of databases")
struct DatabaseFileTests {
    private static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }

    /// What opening the file says, nil when it is opened.
    private static func refusal(_ path: String) -> String? {
        do {
            _ = try DatabaseFile(path: path)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("A file is made where there is none, and is for one holder at a time, by whatever name")
    func held() async throws {
        try await Self.withFolder { folder in
            let path = folder + "/webhooks.db"
            try FileManager.default.createSymbolicLink(atPath: folder + "/link.db", withDestinationPath: "webhooks.db")
            do {
                let file = try DatabaseFile(path: path)
                #expect(file.size == 0)
                for name in [path, folder + "/./webhooks.db", folder + "/link.db"] {
                    #expect(Self.refusal(name)?.contains("another process serves") == true, "\(name)")
                }
                withExtendedLifetime(file) {}
            }
            // A child that another test has just made holds all files of the process until it begins its own program.
            try await eventually("the file is nobody's") { Self.refusal(path) == nil }
        }
    }

    @Test("What cannot hold a database is refused with what to do")
    func refusals() async throws {
        try await Self.withFolder { folder in
            #expect(Self.refusal(folder)?.contains("is a directory; name a file in it") == true)
            #expect(Self.refusal(folder + "/none/webhooks.db")?.contains("directory cannot be opened") == true)
            #expect(Self.refusal(":memory:")?.contains("memory:") == true)
            let path = folder + "/webhooks.db"
            try Data([1]).write(to: URL(fileURLWithPath: path + "-wal"))
            #expect(Self.refusal(path)?.contains("restore the database") == true)
            try FileManager.default.removeItem(atPath: path + "-wal")
            try Data([1]).write(to: URL(fileURLWithPath: path))
            try FileManager.default.linkItem(atPath: path, toPath: folder + "/other.db")
            #expect(Self.refusal(path)?.contains("hard links") == true)
        }
    }

    @Test("A file that was replaced is another one, and a missing one is none")
    func identity() async throws {
        try await Self.withFolder { folder in
            let path = folder + "/file"
            #expect(FileIdentity(path: path) == nil)
            try Data().write(to: URL(fileURLWithPath: path))
            let first = FileIdentity(path: path)
            #expect(first != nil)
            #expect(FileIdentity(path: path) == first)
            try FileManager.default.moveItem(atPath: path, toPath: folder + "/old")
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(FileIdentity(path: path) != first)
            #expect(FileIdentity(path: folder + "/old") == first)
        }
    }
}
