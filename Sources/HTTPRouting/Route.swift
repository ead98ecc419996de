package import HTTPTypes

/// Who may call a route.
package enum RouteAccess: Sendable, Hashable {
    /// Everybody.
    case everybody
    /// A user of the tenant that the path names.
    case caller
    /// The operator of the service.
    case `operator`
}

/// A row of a table of routes: what a method does at a path.
package struct Route<Operation: Sendable>: Sendable {
    /// The method; nil for all methods, which another table tells apart.
    package let method: HTTPRequest.Method?
    /// The paths.
    package let path: PathPattern
    /// What the call does.
    package let operation: Operation
    /// Who may call.
    package let access: RouteAccess
    /// The name of the call in metrics and errors; nil where it has none, or only its body tells the name.
    package let label: String?
    /// A sentence that says what the call does.
    package let summary: String

    /// Creates a row.
    package init(
        _ method: HTTPRequest.Method?,
        _ path: PathPattern,
        _ operation: Operation,
        for access: RouteAccess,
        label: String? = nil,
        _ summary: String
    ) {
        (self.method, self.path, self.operation) = (method, path, operation)
        (self.access, self.label, self.summary) = (access, label, summary)
    }

    /// The text that a path of the route holds for a parameter; nil when the route's paths have no such parameter.
    package func text(_ parameter: String, in path: RequestPath) -> String? {
        self.path.index(of: parameter).flatMap { path.parts.dropFirst($0).first }
    }

    /// The name that a path of the route holds for a parameter, as paths are compared; nil when the route's paths have no
    /// such parameter.
    package func name(_ parameter: String, in path: RequestPath) -> String? {
        self.path.index(of: parameter).flatMap { path.names.dropFirst($0).first }
    }

    /// The number that a path of the route holds for a parameter; nil when the route's paths have no such parameter.
    package func number(_ parameter: String, in path: RequestPath) -> Int32? {
        text(parameter, in: path).flatMap { Int32($0) }
    }
}
