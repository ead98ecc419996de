import Foundation
import Testing

@testable import XML

@Suite("libxml2's own lines")
struct SilenceTests {
    /// Documents whose conversion fails, each in an encoding that libxml2 or the system's iconv converts.
    private static func documents() -> [[UInt8]] {
        let declared = ["EUC-JP", "Shift_JIS", "UTF-16", "ISO-2022-JP", "GB18030", "US-ASCII", "UTF-8", "Big5"].map {
            name in
            Array("<?xml version='1.0' encoding='\(name)'?><a>".utf8) + [0xFF, 0xFE, 0xD8, 0x00, 0x80, 0xFF]
                + Array("</a>".utf8)
        }
        let utf16: [UInt8] = [0xFF, 0xFE, 0x3C, 0x00, 0x61, 0x00, 0x3E, 0x00, 0x00, 0xD8, 0x3C, 0x00, 0x2F, 0x00]
        return declared + [utf16, [0xEF, 0xBB, 0xBF, 0x3C, 0x61, 0x3E, 0xFF, 0x3C, 0x2F, 0x61, 0x3E]]
    }

    @Test("Nothing reaches standard error from any thread that reads a document", .timeLimit(.minutes(5)))
    func silence() async throws {
        let result = try await #require(
            processExitsWith: .exitCode(7),
            observing: [\.standardErrorContent]
        ) {
            let group = DispatchGroup()
            for _ in 0..<8 {
                group.enter()
                Thread.detachNewThread {
                    for document in SilenceTests.documents() {
                        for charset in [nil, "EUC-JP", "utf-16"] {
                            _ = try? XMLReader.standard.read(document, charset: charset)
                        }
                    }
                    group.leave()
                }
            }
            group.wait()
            FileHandle.standardError.write(Data("read\n".utf8))
            exit(7)
        }
        #expect(String(decoding: result.standardErrorContent, as: UTF8.self) == "read\n")
    }
}
