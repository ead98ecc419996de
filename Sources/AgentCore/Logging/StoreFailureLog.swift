import FoundationEssentials
import Logging
import Synchronization

/// Logs why a store could not do its work: of each kind of failure once a second, since a full disk fails every call.
final class StoreFailureLog: Sendable {
    private let logger: Logger
    private let throttle: LogThrottle
    /// By kind, what refers to the line that was logged last.
    private let references = Mutex<[String: String]>([:])

    init(logger: Logger, throttle: LogThrottle = LogThrottle()) {
        self.logger = logger
        self.throttle = throttle
    }

    /// Calls a store. Why it could not do its work goes to the log; the caller learns a reference to that, which a call
    /// that failed in the same way in the same second has too.
    func storing<Value>(
        reference: @autoclosure () -> UUID,
        _ body: () async throws(StoreError) -> Value
    ) async throws(AgentError) -> Value {
        do {
            return try await body()
        } catch {
            throw .server(reference: log(error, reference: reference().uuidString.lowercased()))
        }
    }

    /// The reference of the line that tells of such a failure.
    private func log(_ error: StoreError, reference: String) -> String {
        let message = Self.message(of: error)
        return references.withLock { references in
            let isLogged = throttle.log(
                .error,
                message,
                metadata: ["reference": "\(reference)", "error": "\(error)"],
                to: logger
            )
            if isLogged { references[message.description] = reference }
            return references[message.description] ?? reference
        }
    }

    private static func message(of error: StoreError) -> StaticString {
        switch error {
        case .unavailable, .inUse, .newerSchema: "store failed"
        case .overloaded: "store overloaded"
        case .corrupt: "store holds what cannot be read"
        }
    }
}
