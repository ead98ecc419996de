import AgentCore
import CoreMetrics
import Foundation
import ServerConfiguration
import StoreContracts
import Stores
import Synchronization
import Testing
import WebhookModel
import WebhookServer

/// What `/metrics` says.
@Suite("Metrics")
struct MetricsTests {
    @Test("What many read at once counts no commit twice")
    func concurrentReading() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "metrics-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try await RunningService.with { settings in
            settings.store = .sqlite(path: directory.appending(path: "store.db").path)
        } _: { service in
            let rest = RESTClient(service: service)
            let url = "http://127.0.0.1:\(service.port)/metrics"
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        _ = try await rest.call("POST", "/Webhook/e.\(number)/1", "{}")
                        _ = try await service.send("GET", url)
                    }
                }
                try await group.waitForAll()
            }
            let text = String(decoding: try await service.send("GET", url).body, as: UTF8.self)
            #expect(text.contains("webhook_svc_signals_committed_total 50\n"))
        }
    }
}
