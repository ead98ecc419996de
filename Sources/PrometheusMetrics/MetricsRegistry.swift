package import CoreMetrics
import ServiceMetrics
import Synchronization

/// Keeps the process's metrics and writes them in Prometheus' text format.
///
/// Recorders and meters become gauges, and timers become histograms in seconds. The registry keeps a bounded number of
/// series and counts how often it did not keep another one.
package final class MetricsRegistry: MetricsFactory {
    private struct Key: Hashable {
        let name: String
        /// `{a="b"}`, or nothing.
        let labels: String
    }

    private struct State {
        var values: [Key: GaugeOrCounter] = [:]
        var histograms: [Key: Histogram] = [:]
        var dropped = 0
    }

    private let state = Mutex(State())

    /// Series at most. A histogram counts as one.
    private static let seriesLimit = 2000

    /// Creates a registry without metrics.
    package init() {}

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        value(label, dimensions, kind: .counter)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        value(label, dimensions, kind: .gauge)
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        value(label, dimensions, kind: .gauge)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let key = Self.key(label, dimensions)
        return state.withLock { state in
            if let known = state.histograms[key] { return known }
            let histogram = Histogram()
            if Self.hasRoom(&state) { state.histograms[key] = histogram }
            return histogram
        }
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    // MARK: Text

    /// Everything, as Prometheus reads it (text format 0.0.4). Series of one name stand together, in a stable order.
    package var text: String {
        let (values, histograms, dropped) = state.withLock { ($0.values, $0.histograms, $0.dropped) }
        var text = ""
        for (name, series) in Dictionary(grouping: values, by: \.key.name).sorted(by: { $0.key < $1.key }) {
            text += Self.head(name, series[0].value.kind)
            for (key, value) in series.sorted(by: { $0.key.labels < $1.key.labels }) {
                text += "\(name)\(key.labels) \(value.text)\n"
            }
        }
        for (name, series) in Dictionary(grouping: histograms, by: \.key.name).sorted(by: { $0.key < $1.key }) {
            text += Self.head(name, .histogram)
            for (key, histogram) in series.sorted(by: { $0.key.labels < $1.key.labels }) {
                text += histogram.text(name: name, labels: key.labels)
            }
        }
        let name = Metric.seriesDropped.name
        return text + Self.head(name, .counter) + "\(name) \(dropped)\n"
    }

    /// The lines before the series of a name. A metric that ``Metric/all`` does not have has no help.
    private static func head(_ name: String, _ kind: Metric.Kind) -> String {
        let help = helps[name].map { "# HELP \(name) \($0)\n" } ?? ""
        return help + "# TYPE \(name) \(kind.rawValue)\n"
    }

    private static let helps = Dictionary(
        uniqueKeysWithValues: Metric.all.map { metric in
            (metric.name, metric.help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))
        }
    )

    private func value(
        _ label: String,
        _ dimensions: [(String, String)],
        kind: Metric.Kind
    ) -> GaugeOrCounter {
        let key = Self.key(label, dimensions)
        return state.withLock { state in
            if let known = state.values[key] { return known }
            let value = GaugeOrCounter(kind: kind)
            if Self.hasRoom(&state) { state.values[key] = value }
            return value
        }
    }

    private static func hasRoom(_ state: inout State) -> Bool {
        guard state.values.count + state.histograms.count < seriesLimit else {
            state.dropped += 1
            return false
        }
        return true
    }

    private static func key(_ label: String, _ dimensions: [(String, String)]) -> Key {
        let name = String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
        guard !dimensions.isEmpty else { return Key(name: name, labels: "") }
        let labels = dimensions.map { "\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: ",")
        return Key(name: name, labels: "{\(labels)}")
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

/// One number that only rises, or that is set.
private final class GaugeOrCounter: CounterHandler, MeterHandler, RecorderHandler {
    let kind: Metric.Kind
    private let bits = Atomic<UInt64>(0)

    init(kind: Metric.Kind) {
        self.kind = kind
    }

    var text: String {
        let bits = bits.load(ordering: .relaxed)
        guard kind == .gauge else { return String(bits) }
        let value = Double(bitPattern: bits)
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    func increment(by amount: Int64) {
        if kind == .counter {
            bits.wrappingAdd(UInt64(max(0, amount)), ordering: .relaxed)
        } else {
            increment(by: Double(amount))
        }
    }

    func increment(by amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (isDone, seen) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if isDone { return }
            old = seen
        }
    }

    func decrement(by amount: Double) { increment(by: -amount) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func reset() {
        bits.store(0, ordering: .relaxed)
    }
}

/// Counts how many durations are at most as long as each of some bounds.
private final class Histogram: TimerHandler {
    private struct State {
        var counts = [Int](repeating: 0, count: Histogram.bounds.count + 1)
        /// In seconds.
        var sum = 0.0
    }

    /// Seconds, from a loopback answer to the longest time-out that is usual.
    private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30]

    private let state = Mutex(State())

    func recordNanoseconds(_ duration: Int64) {
        let seconds = Double(duration) / 1e9
        let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += seconds
        }
    }

    func text(name: String, labels: String) -> String {
        let state = state.withLock { $0 }
        let inner = labels.isEmpty ? "" : labels.dropFirst().dropLast() + ","
        var total = 0
        var text = ""
        for (bound, count) in zip(Self.bounds.map { "\($0)" } + ["+Inf"], state.counts) {
            total += count
            text += "\(name)_bucket{\(inner)le=\"\(bound)\"} \(total)\n"
        }
        return text + "\(name)_sum\(labels) \(state.sum)\n\(name)_count\(labels) \(total)\n"
    }
}
