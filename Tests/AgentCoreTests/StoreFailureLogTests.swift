import Foundation
import LogThrottling
import Logging
import StoreContracts
import Synchronization
import TestSupport
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
            outages: OutageLog(elapsed: { [elapsed] in elapsed.value.withLock { $0 } })
        )
    }

    /// What the caller of a store that fails so is told.
    private func told(_ error: StoreError) async -> String {
        do {
            try await failures.mappingStoreErrors(reference: UUID()) { () throws(StoreError) in throw error }
            return "nothing"
        } catch {
            return error.message
        }
    }

    private func work() async {
        _ = try? await failures.mappingStoreErrors(reference: UUID()) { () throws(StoreError) in 7 }
    }

    @Test("A full disk is logged when it begins and once a minute, and every caller's reference is of a logged line")
    func once() async throws {
        let full = StoreError.unavailable("database or disk is full")
        var references: Set<String> = []
        for second in 0..<150 {
            elapsed.value.withLock { $0 = .seconds(second) }
            for _ in 0..<5 { references.insert(String(try #require(await told(full).split(separator: " ").last))) }
            await work()
        }
        let logged = lines.all
        #expect(logged.count == 3 && references.count == 3)
        #expect(references.allSatisfy { reference in logged.contains { $0.contains(reference) } })
        #expect(logged.dropFirst().allSatisfy { $0.contains("leftOut=299") && $0.contains("disk is full") })
    }

    @Test("When nothing has failed for a while, the first call that works tells how many had failed, once")
    func over() async {
        for second in 0..<3 {
            elapsed.value.withLock { $0 = .seconds(second) }
            for _ in 0..<10 { _ = await told(.unavailable("away")) }
        }
        await work()
        #expect(lines.all.count == 1)
        elapsed.value.withLock { $0 = .seconds(20) }
        await work()
        await work()
        #expect(lines.all.count == 2)
        for part in ["store works again", "failures=30", "seconds=2", "away"] {
            #expect(lines.all.last?.contains(part) == true)
        }
        _ = await told(.unavailable("away"))
        #expect(lines.all.count == 3)
    }

    @Test("Failures of ever new kinds are bounded, in lines and in what is kept")
    func manyKinds() async {
        for number in 0..<10_000 { _ = await told(.corrupt("webhook \(number)")) }
        #expect(lines.all.count <= 100)
    }

    @Test("One kind of failure does not hide another")
    func kinds() async {
        for _ in 0..<3 {
            for error in [
                StoreError.unavailable("away"), .overloaded(waiting: 9), .corrupt("webhook 7"), .corrupt("webhook 8"),
            ] {
                _ = await told(error)
            }
        }
        #expect(lines.all.count == 4)
        for text in ["away", "9 calls wait", "webhook 7", "webhook 8"] {
            #expect(lines.all.contains { $0.contains(text) })
        }
    }

    @Test("What succeeds is handed on and logs nothing")
    func success() async throws {
        let value = try await failures.mappingStoreErrors(reference: UUID()) { () throws(StoreError) in 7 }
        #expect(value == 7 && lines.all.isEmpty)
    }
}

private final class Elapsed: Sendable {
    let value = Mutex(Duration.zero)
}
