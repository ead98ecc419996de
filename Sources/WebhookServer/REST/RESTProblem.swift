import AgentCore
import HTTPTypes

/// Why a REST call was not answered: the error object and the status that carries it (contract, section 8).
struct RESTProblem: Error {
    var status: HTTPResponse.Status
    var error: AgentError
    var headers: HTTPFields = [:]

    /// What HTTP itself is told: no such path, no such type, and so on.
    init(_ status: HTTPResponse.Status, _ kind: AgentError.Kind, _ message: String, headers: HTTPFields = [:]) {
        self.status = status
        self.error = AgentError(kind, message)
        self.headers = headers
    }

    /// An operation that failed.
    init(_ error: AgentError) {
        self.error = error
        switch error.kind {
        case .notFound: status = .notFound
        case .session:
            status = .unauthorized
            headers = Self.challenges
            if let seconds = error.retryAfter { headers[.retryAfter] = String(seconds) }
        case .sentry: status = .forbidden
        case .invalidArgument, .validation, .notSupported: status = .badRequest
        case .illegalOperation: status = .conflict
        case .server: status = .internalServerError
        }
    }

    /// A body that cannot be read.
    static func body(_ message: String) -> RESTProblem {
        RESTProblem(.badRequest, .invalidArgument, "The request's body cannot be read: \(message)")
    }

    /// An argument that will not do, named in the message.
    static func argument(_ message: String) -> RESTProblem {
        RESTProblem(.badRequest, .invalidArgument, message)
    }

    /// The ways in which a caller may say who it is.
    private static let challenges: HTTPFields = {
        var fields = HTTPFields()
        for scheme in ["Basic realm=\"webhook-svc\", charset=\"UTF-8\"", "SoTicket", "Bearer"] {
            fields.append(.init(name: .wwwAuthenticate, value: scheme))
        }
        return fields
    }()

    /// The members in the documented order.
    func document(source: String) -> RESTDocument {
        RESTDocument(
            root: "Error",
            value: .object([
                ("Error", .flag(true)), ("ErrorType", .text(error.kind.rawValue)),
                ("ErrorMessage", .text(error.message)), ("ErrorSource", .text(source)),
            ])
        )
    }

    /// The message as the reason phrase, which NetServer sends; nil where the protocol cannot carry it.
    var reason: String? {
        let text = error.message.prefix(200)
        return text.utf8.allSatisfy { (0x20...0x7E).contains($0) } ? String(text) : nil
    }
}
