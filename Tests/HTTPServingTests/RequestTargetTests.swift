import NIOHTTP1
import Testing

@testable import HTTPServing

/// What a request's first lines say of the resource that is meant (RFC 9112, section 3.2).
@Suite("Request target")
struct RequestTargetTests {
    private static func settled(
        _ uri: String,
        hosts: [String],
        version: HTTPVersion = .http1_1
    ) throws -> (uri: String, hosts: [String]) {
        let headers = HTTPHeaders(hosts.map { ("Host", $0) })
        var head = HTTPRequestHead(version: version, method: .GET, uri: uri, headers: headers)
        try RequestTarget.settle(&head)
        return (head.uri, head.headers["Host"])
    }

    @Test(
        "Hosts that may be asked for are taken as they are",
        arguments: [
            "x", "crm.example", "CRM.Example:8087", "127.0.0.1:80", "[::1]", "[::1]:8087", "a_b-c.d~e", "x:", "a%20b",
            "",
        ]
    )
    func hosts(host: String) throws {
        let settled = try Self.settled("/a?b", hosts: [host])
        #expect(settled.uri == "/a?b")
        #expect(settled.hosts == [host])
    }

    @Test(
        "A malformed Host is refused",
        arguments: [
            "a b", "a\"b", "a<b", "u@x", "x:80:80", "x:8o", ":80", "[::1", "[]", "::1", "x:1234567", "[::1]80", "a,b c",
            "ø.example",
        ]
    )
    func malformed(host: String) {
        #expect(throws: RequestTarget.TargetError.self) { try Self.settled("/", hosts: [host]) }
        #expect(throws: RequestTarget.TargetError.self) { try Self.settled("http://\(host)/", hosts: ["x"]) }
        #expect(throws: RequestTarget.TargetError.self) { try Self.settled("/", hosts: ["a/b"]) }
    }

    @Test("Two Hosts are refused, and none in HTTP/1.1; HTTP/1.0 needs none")
    func count() throws {
        for hosts in [["x", "y"], ["x", "x"], ["x", ""], []] {
            #expect(throws: RequestTarget.TargetError.self, "\(hosts)") { try Self.settled("/", hosts: hosts) }
            #expect(throws: RequestTarget.TargetError.self, "\(hosts)") { try Self.settled("http://x/", hosts: hosts) }
        }
        #expect(throws: RequestTarget.TargetError.self) { try Self.settled("/", hosts: ["x", "x"], version: .http1_0) }
        #expect(try Self.settled("/", hosts: [], version: .http1_0).hosts == [])
    }

    @Test(
        "An absolute-form target names the host, and its path is what is asked for",
        arguments: [
            ("http://crm.example/a/b?c", "/a/b?c", "crm.example"), ("HTTPS://[::1]:99/", "/", "[::1]:99"),
            ("http://crm.example", "/", "crm.example"), ("http://crm.example?wsdl", "/?wsdl", "crm.example"),
        ]
    )
    func absolute(uri: String, path: String, host: String) throws {
        let settled = try Self.settled(uri, hosts: ["other.example"])
        #expect(settled.uri == path)
        #expect(settled.hosts == [host])
        #expect(try Self.settled(uri, hosts: [], version: .http1_0).hosts == [host])
    }

    @Test(
        "Other targets are refused, except the asterisk",
        arguments: ["ftp://x/", "x", "http:/x", "http://", "urn:a"]
    )
    func other(uri: String) throws {
        #expect(throws: RequestTarget.TargetError.self) { try Self.settled(uri, hosts: ["x"]) }
        #expect(try Self.settled("*", hosts: ["x"]).uri == "*")
    }
}
