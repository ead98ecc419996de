import Logging
import TestSupport

/// Keeps what is logged, a line for each message.
struct WatchedLogHandler: LogHandler {
    let lines: Watched<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(lines: Watched<[String]>) {
        self.lines = lines
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let pairs = (event.metadata ?? [:]).map { " \($0.key)=\($0.value)" }.sorted()
        lines.update { $0.append("\(event.level) \(event.message)" + pairs.joined()) }
    }
}
