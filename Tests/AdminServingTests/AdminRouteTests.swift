import HTTPRouting
import HTTPTypes
import TestSupport
import Testing

@testable import AdminServing

/// The calls of the admin API.
@Suite("Routes of the admin API")
struct AdminRouteTests {
    @Test("The page about operations lists exactly the calls of the admin API")
    func page() throws {
        let calls = AdminRoutes.table.routes.map { "\($0.method?.rawValue ?? "") \($0.path.text)" }
        #expect(try documentedCalls(in: "operations.md") == Set(calls))
    }
}
