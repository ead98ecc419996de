import CoreMetrics
import TestSupport

/// Keeps what counters count, by label and dimensions as `label{name=value}`. Other metrics are dropped.
final class CountingMetrics: MetricsFactory {
    private final class Handler: CounterHandler {
        let name: String
        let counts: Watched<[String: Int64]>

        init(name: String, counts: Watched<[String: Int64]>) {
            self.name = name
            self.counts = counts
        }

        func increment(by amount: Int64) {
            counts.update { $0[name, default: 0] += amount }
        }

        func reset() {
            counts.update { $0[name] = nil }
        }
    }

    let counts = Watched<[String: Int64]>([:])

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let pairs = dimensions.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
        return Handler(name: "\(label){\(pairs)}", counts: counts)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        NOOPMetricsHandler.instance
    }

    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
