import PostgreSQLTestSupport
import StoreConformance
import Testing

@Suite("PostgreSQL store", .postgreSQL)
struct PostgreSQLStoreTests {
    @Test("Does what every store must", .timeLimit(.minutes(5)), arguments: StoreSuite.cases)
    func conformance(_ storeCase: StoreCase) async throws {
        try await withStore { try await storeCase.run($0) }
    }
}
