import Foundation
import Logging
import Synchronization
import Testing

@testable import AgentCore

@Suite("Log of store failures")
struct StoreFailureLogTests {
    private let lines = Recorder<String>()
    private let elapsed = Elapsed()
    private let failures: StoreFailureLog

    init() {
        failures = StoreFailureLog(
            logger: Logger(label: "test", factory: { [lines] _ in RecordingLogHandler(lines: lines) }),
            throttle: LogThrottle(elapsed: { [elapsed] in elapsed.value.withLock { $0 } })
        )
    }

    /// What the caller of a store that fails so is told.
    private func told(_ error: StoreError) async -> String {
        do {
            try await failures.storing(reference: UUID()) { () throws(StoreError) in throw error }
            return "nothing"
        } catch {
            return error.message
        }
    }

    @Test("A full disk is logged once a second, and every caller's reference is of a line that is logged")
    func once() async throws {
        let full = StoreError.unavailable("database or disk is full")
        var references: Set<String> = []
        for second in 0..<3 {
            elapsed.value.withLock { $0 = .seconds(second) }
            for _ in 0..<500 { references.insert(String(try #require(await told(full).split(separator: " ").last))) }
        }
        let logged = lines.all
        #expect(logged.count == 3 && references.count == 3)
        #expect(references.allSatisfy { reference in logged.contains { $0.contains(reference) } })
        #expect(logged.dropFirst().allSatisfy { $0.contains("leftOut=499") && $0.contains("disk is full") })
    }

    @Test("One kind of failure does not hide another")
    func kinds() async {
        for _ in 0..<3 {
            for error in [StoreError.unavailable("away"), .overloaded(waiting: 9), .corrupt("webhook 7")] {
                _ = await told(error)
            }
        }
        #expect(lines.all.count == 3)
        for text in ["away", "9 calls wait", "webhook 7"] { #expect(lines.all.contains { $0.contains(text) }) }
    }

    @Test("What succeeds is handed on and logs nothing")
    func success() async throws {
        let value = try await failures.storing(reference: UUID()) { () throws(StoreError) in 7 }
        #expect(value == 7 && lines.all.isEmpty)
    }
}

private final class Elapsed: Sendable {
    let value = Mutex(Duration.zero)
}
