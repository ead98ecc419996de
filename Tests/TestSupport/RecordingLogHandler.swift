package import Logging

/// Hands on what is logged, a line for each message with its metadata in the order of their names.
package struct RecordingLogHandler: LogHandler {
    private let write: @Sendable (String) -> Void
    package var metadata: Logger.Metadata = [:]
    package var logLevel = Logger.Level.trace

    /// Creates a handler that writes to `lines`.
    package init(lines: Recorder<String>) {
        write = { lines.add($0) }
    }

    /// Creates a handler that appends to `lines`.
    package init(lines: Watched<[String]>) {
        write = { line in lines.update { $0.append(line) } }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let pairs = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted()
        write("\(event.level) \(event.message) \(pairs.joined(separator: " "))")
    }
}
