import FoundationEssentials
import LogThrottling
import Logging
import StoreContracts
import Synchronization

/// Logs why a store could not do its work: when that begins, each minute, and when it is over, since a full disk fails
/// every call.
final class StoreFailureLog: Sendable {
    private let logger: Logger
    private let outages: OutageLog
    /// By what failed, what refers to the line that was logged last.
    private let references = Mutex<[String: String]>([:])

    init(logger: Logger, outages: OutageLog = OutageLog()) {
        (self.logger, self.outages) = (logger, outages)
    }

    /// How many references are kept.
    private static let kinds = 64

    /// Calls a store. Why it could not do its work goes to the log; the caller learns a reference to that, which a call
    /// that failed in the same way in the same minute has too.
    func mappingStoreErrors<Value>(
        reference: @autoclosure () -> UUID,
        _ body: () async throws(StoreError) -> Value
    ) async throws(AgentError) -> Value {
        let result: Result<Value, StoreError>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        return try mapped(result, reference: reference()).get()
    }

    /// What a store brought, for its caller, as ``mappingStoreErrors(reference:_:)`` says.
    func mapped<Value>(_ result: Result<Value, StoreError>, reference: @autoclosure () -> UUID) -> Result<
        Value, AgentError
    > {
        switch result {
        case .success(let value):
            outages.worked("store works again", to: logger)
            return .success(value)
        case .failure(let error):
            return .failure(.server(reference: log(error, reference: reference().uuidString.lowercased())))
        }
    }

    /// The reference of the line that tells of such a failure.
    private func log(_ error: StoreError, reference: String) -> String {
        let kind = error.description
        return references.withLock { references in
            let isLogged = outages.failed(
                .error,
                Self.message(of: error),
                kind: kind,
                metadata: ["reference": "\(reference)", "error": "\(error)"],
                to: logger
            )
            if isLogged {
                if references.count >= Self.kinds { references = [:] }
                references[kind] = reference
            }
            return references[kind] ?? reference
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
