import HTTPRouting
import HTTPTypes
import Testing

/// Which route a table has for a path and a method.
@Suite("Route table")
struct RouteTableTests {
    static let table = RouteTable([
        Route(.get, "/things", "list", for: .everybody, "Lists things."),
        Route(.post, "/things", "create", for: .caller, "Creates a thing."),
        Route(.get, "/things/{id:int32}", "get", for: .caller, "Gets a thing."),
        Route(.get, "/{owner}/things/**", "other", for: .caller, "Asks elsewhere."),
    ])

    static func operation(_ method: HTTPRequest.Method, _ path: String) -> String? {
        RequestPath(path).flatMap { table.match($0)?.route(for: method)?.operation }
    }

    @Test("A path is found in any case, with doubled and trailing slashes")
    func found() {
        for path in ["/things", "/Things/", "//THINGS"] { #expect(Self.operation(.get, path) == "list", "\(path)") }
        #expect(Self.operation(.post, "/things") == "create")
        #expect(Self.operation(.get, "/anna/things/a/b") == "other")
    }

    @Test("A path or a method that no row has is not found")
    func notFound() {
        #expect(Self.operation(.get, "/things/x") == nil)
        #expect(Self.operation(.delete, "/things") == nil)
    }

    @Test("A route reads the parameters of its path")
    func parameters() throws {
        let path = try #require(RequestPath("/Things/42"))
        let route = try #require(Self.table.match(path)?.route(for: .get))
        #expect(route.number("id", in: path) == 42)
        #expect(route.text("owner", in: path) == nil)
        let other = try #require(RequestPath("/Anna%20B/things"))
        let open = try #require(Self.table.match(other)?.route(for: .get))
        #expect(open.text("owner", in: other) == "Anna B")
        #expect(open.name("owner", in: other) == "anna b")
    }

    @Test("The header Allow lists each method of a path once, and HEAD after GET")
    func allow() throws {
        let path = try #require(RequestPath("/things"))
        #expect(Self.table.match(path)?.allow == "GET, HEAD, POST")
    }
}
