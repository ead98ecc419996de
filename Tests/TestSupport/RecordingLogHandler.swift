package import Logging

/// Writes what is logged into a recorder, a line for each message.
package struct RecordingLogHandler: LogHandler {
    private let lines: Recorder<String>
    package var metadata: Logger.Metadata = [:]
    package var logLevel = Logger.Level.trace

    /// Creates a handler that writes to `lines`.
    package init(lines: Recorder<String>) {
        self.lines = lines
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let pairs = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted()
        lines.add("\(event.level) \(event.message) \(pairs.joined(separator: " "))")
    }
}
