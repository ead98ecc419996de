import StoreConformance
import Testing

@testable import MemoryStorage

@Suite("Memory store")
struct MemoryStoreTests {
    @Test("Does what every store must", .timeLimit(.minutes(5)), arguments: StoreSuite.cases)
    func conformance(_ storeCase: StoreCase) async throws {
        try await storeCase.run(MemoryStore())
    }
}
