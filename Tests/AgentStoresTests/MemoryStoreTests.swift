import AgentStores
import StoreContracts
import Testing
import WebhookModel

@Suite("Memory store")
struct MemoryStoreTests {
    @Test("Does what every store must", .timeLimit(.minutes(5)), arguments: StoreConformance.cases)
    func conformance(_ storeCase: StoreCase) async throws {
        try await storeCase.run(MemoryStore())
    }
}
