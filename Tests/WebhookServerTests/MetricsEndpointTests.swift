import Foundation
import ServerConfiguration
import ServiceMetrics
import Stores
import Testing

@testable import WebhookServer

/// What `GET /metrics` answers.
@Suite("The metrics endpoint")
struct MetricsEndpointTests {
    @Test("Every series at /metrics belongs to a metric of the table and has its help, its type and its labels")
    func described() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.call("POST", "/Webhook/contact.created/1", "{}")
            let answer = try await service.send("GET", "http://127.0.0.1:\(service.port)/metrics")
            let lines = String(decoding: answer.body, as: UTF8.self).split(separator: "\n")
            let described = Dictionary(uniqueKeysWithValues: Metric.all.map { ($0.name, $0) })
            var family: Metric?
            var samples = 0
            for (before, line) in zip([""] + lines, lines) where !line.hasPrefix("# HELP") {
                if let type = line.wholeMatch(of: /# TYPE (\w+) (\w+)/) {
                    family = described[String(type.1)]
                    #expect(family != nil, "\(line)")
                    #expect(before == "# HELP \(type.1) \(family?.help ?? "")")
                    #expect(String(type.2) == family?.kind.rawValue)
                } else {
                    let sample = try #require(line.wholeMatch(of: /(\w+?)(?:_bucket|_sum|_count)?(?:{(.*)})? \S+/))
                    #expect(String(sample.1) == family?.name)
                    let labels = (sample.2 ?? "").matches(of: /(\w+)="[^"]*"/).map { String($0.1) }
                    #expect(labels.filter { $0 != "le" } == family?.labels, "\(line)")
                    samples += 1
                }
            }
            #expect(samples > 5)
        }
    }

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
            #expect(text.contains("webhook_svc_events_committed_total 50\n"))
        }
    }
}
