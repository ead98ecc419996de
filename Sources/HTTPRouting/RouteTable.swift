package import HTTPTypes

/// A table of routes, and the only place where a path is looked up.
package struct RouteTable<Operation: Sendable>: Sendable {
    /// A path with its routes.
    package struct Resource: Sendable {
        /// The path.
        package let path: PathPattern
        /// The routes, one for each method.
        package fileprivate(set) var routes: [Route<Operation>]
    }

    /// The paths, in the order in which the table names them first.
    package let resources: [Resource]
    /// The paths to whose end their patterns lead, by their number of parts.
    private let closed: [[Resource]]
    private let open: [Resource]

    /// Creates a table of its rows.
    package init(_ routes: [Route<Operation>]) {
        var resources: [Resource] = []
        for route in routes {
            if let index = resources.firstIndex(where: { $0.path == route.path }) {
                resources[index].routes.append(route)
            } else {
                resources.append(Resource(path: route.path, routes: [route]))
            }
        }
        self.resources = resources
        open = resources.filter(\.path.isOpen)
        let closed = resources.filter { !$0.path.isOpen }
        let longest = closed.map(\.path.count).max() ?? 0
        self.closed = (0...longest).map { count in closed.filter { $0.path.count == count } }
    }

    /// The rows, those of one path together.
    package var routes: [Route<Operation>] { resources.flatMap(\.routes) }

    /// The routes of a path; nil when there are none. A pattern that ends with `/**` is for paths that no other pattern is
    /// for, and of several such the first is taken.
    package func match(_ path: RequestPath) -> RouteMatch<Operation>? {
        var routes: [Route<Operation>] = []
        if path.count < closed.count {
            for resource in closed[path.count] where resource.path.matches(path) {
                // No table's paths but the admin API's are for two patterns.
                routes = routes.isEmpty ? resource.routes : routes + resource.routes
            }
        }
        if routes.isEmpty, let resource = open.first(where: { $0.path.matches(path) }) { routes = resource.routes }
        return routes.isEmpty ? nil : RouteMatch(path: path, routes: routes)
    }
}

/// What a table has for a path.
package struct RouteMatch<Operation: Sendable>: Sendable {
    /// The path.
    package let path: RequestPath
    /// The routes; there is one at least.
    package let routes: [Route<Operation>]

    /// The route of a method; nil when the path does not take it.
    package func route(for method: HTTPRequest.Method) -> Route<Operation>? {
        routes.first { $0.method == nil || $0.method == method }
    }

    /// The methods that the path takes, as the header `Allow` lists them.
    package var allow: String { routes.allow() }
}

extension Sequence {
    /// The methods of routes, each once, as the header `Allow` lists them. HEAD is answered wherever GET is (RFC 9110,
    /// section 9.3.2).
    package func allow<Operation>() -> String where Element == Route<Operation> {
        var methods: [HTTPRequest.Method] = []
        for case let method? in lazy.map(\.method) where !methods.contains(method) {
            methods += method == .get ? [.get, .head] : [method]
        }
        return methods.map(\.rawValue).joined(separator: ", ")
    }
}
