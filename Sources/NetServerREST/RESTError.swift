import AgentCore
import HTTPTypes
import JSON
import NetServerSOAP

/// Why a REST call was not answered: the error object and the status that carries it.
struct RESTError: Error {
    var status: HTTPResponse.Status
    var error: AgentError
    var headers: HTTPFields = [:]
    /// The parameter that an agent's call lacks. NetServer answers such a call as ASP.NET does, and with 200.
    private var missingParameter: String?

    /// Creates an error of the request itself: a path that is not there, a media type that is not read, and so on.
    init(_ status: HTTPResponse.Status, _ kind: AgentError.Kind, _ message: String, headers: HTTPFields = [:]) {
        self.status = status
        self.error = AgentError(kind, message)
        self.headers = headers
    }

    /// Creates the error of an operation that failed.
    init(_ error: AgentError) {
        self.error = error
        switch error.kind {
        case .notFound: status = .notFound
        case .session:
            status = .unauthorized
            if let seconds = error.retryAfter { headers[.retryAfter] = String(seconds) }
        case .sentry: status = .forbidden
        case .invalidArgument, .validation, .notSupported: status = .badRequest
        case .illegalOperation: status = .conflict
        case .server: status = .internalServerError
        }
    }

    /// Returns the error for a body that cannot be read.
    static func body(_ message: String) -> RESTError {
        RESTError(.badRequest, .invalidArgument, "The request's body cannot be read: \(message)")
    }

    /// Returns the error for an argument that is not accepted. The message names the argument.
    static func argument(_ message: String) -> RESTError {
        RESTError(.badRequest, .invalidArgument, message)
    }

    /// Returns the error for a parameter that an agent's call lacks.
    static func missing(_ parameter: String) -> RESTError {
        let text = "The parameter '\(parameter)' is missing."
        var problem = RESTError(.ok, .invalidArgument, text)
        problem.missingParameter = parameter
        return problem
    }

    /// Returns the error object, its members in the documented order.
    func document(source: String) -> RESTDocument {
        if let missingParameter {
            let detail = "The parameters dictionary contains a null entry for parameter '\(missingParameter)'."
            return RESTDocument(
                root: "Error",
                json: .object(["Message": .string("The request is invalid."), "MessageDetail": .string(detail)])
            )
        }
        return RESTDocument(
            root: "Error",
            json: .object([
                "Error": .bool(true), "ErrorType": .string(error.kind.rawValue),
                "ErrorMessage": .string(error.messageWithRemedy), "ErrorSource": .string(source),
            ])
        )
    }

    /// The message as the reason phrase, which NetServer sends; nil when the protocol cannot carry the message.
    var reason: String? {
        guard status != .ok else { return nil }
        let text = error.messageWithRemedy.prefix(200)
        return text.utf8.allSatisfy { (0x20...0x7E).contains($0) } ? String(text) : nil
    }
}
