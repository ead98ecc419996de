import HTTPTypes
import NIOCore
import Networking
import Testing

@testable import RequestOrigins

/// Who sent a request: the other end of the connection, unless a trusted proxy says otherwise.
@Suite("Request origin")
struct RequestOriginTests {
    static func origin(
        _ headers: [(String, String)],
        from peer: String = "10.0.0.1",
        trusting ranges: [String] = ["10.0.0.0/8"],
        in header: ForwardedHeader = .xForwarded,
        isTLS: Bool = false
    ) throws -> RequestOrigin {
        var request = HTTPRequest(method: .get, scheme: nil, authority: "inner:8087", path: "/")
        for (name, value) in headers {
            request.headerFields.append(.init(name: try #require(.init(name)), value: value))
        }
        let reader = RequestOriginReader(
            trustedProxies: ranges.compactMap(AddressRange.init),
            header: header,
            isTLS: isTLS
        )
        return reader.origin(of: request, peer: try SocketAddress(ipAddress: peer, port: 40000))
    }

    @Test("Without a trusted proxy the connection says everything, whatever the headers say")
    func untrusted() throws {
        let headers = [
            ("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example"),
            ("Forwarded", "for=192.0.2.1;proto=https;host=evil.example"),
        ]
        for ranges in [[], ["10.9.0.0/16"]] {
            let origin = try Self.origin(headers, trusting: ranges)
            #expect(
                origin == RequestOrigin(address: "10.0.0.1", network: "10.0.0.1", scheme: "http", host: "inner:8087")
            )
        }
        #expect(try Self.origin([], isTLS: true).scheme == "https")
    }

    @Test("A trusted proxy's X-Forwarded headers say who asked and how")
    func xForwarded() throws {
        let origin = try Self.origin([
            ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "so.example.com"),
        ])
        #expect(
            origin
                == RequestOrigin(
                    address: "203.0.113.7",
                    network: "203.0.113.7",
                    scheme: "https",
                    host: "so.example.com"
                )
        )
    }

    @Test(
        "A forwarded port is part of the host unless it is the scheme's own",
        arguments: [
            ("8443", "https", "so.example.com:8443"), ("443", "https", "so.example.com"),
            ("80", "http", "so.example.com"),
            ("443", "http", "so.example.com:443"), ("x", "http", "so.example.com"),
        ]
    )
    func xForwardedPort(port: String, scheme: String, host: String) throws {
        let origin = try Self.origin([
            ("X-Forwarded-Proto", scheme), ("X-Forwarded-Host", "so.example.com"), ("X-Forwarded-Port", port),
        ])
        #expect(origin.host == host)
        #expect(origin.scheme == scheme)
    }

    @Test("A forwarded port counts also where the proxy passes Host on")
    func xForwardedPortAlone() throws {
        let asked = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Port", "8443")]
        #expect(try Self.origin(asked).host == "inner:8087", "which has a port of its own")
        var request = HTTPRequest(method: .get, scheme: nil, authority: "so.example.com", path: "/")
        for (name, value) in asked { request.headerFields.append(.init(name: try #require(.init(name)), value: value)) }
        let reader = RequestOriginReader(
            trustedProxies: [try #require(AddressRange("10.0.0.0/8"))],
            header: .xForwarded,
            isTLS: false
        )
        let peer = try SocketAddress(ipAddress: "10.0.0.1", port: 40000)
        let origin = reader.origin(of: request, peer: peer)
        #expect(origin.host == "so.example.com:8443")
        #expect(origin.scheme == "https")
        #expect(origin.address == "10.0.0.1")
    }

    @Test("A port that the forwarded host has stays")
    func xForwardedHostWithPort() throws {
        let origin = try Self.origin([("X-Forwarded-Host", "so.example.com:9000"), ("X-Forwarded-Port", "443")])
        #expect(origin.host == "so.example.com:9000")
    }

    @Test("A host or scheme without a client beside it is the client's own, also where the client's address is trusted")
    func longerLists() throws {
        let origin = try Self.origin([
            ("X-Forwarded-For", "10.0.0.2"), ("X-Forwarded-Host", "evil.example, so.example.com"),
            ("X-Forwarded-Proto", "http, https"),
        ])
        #expect(origin.host == "so.example.com")
        #expect(origin.scheme == "https")
        let alone = try Self.origin([("X-Forwarded-Host", "evil.example, so.example.com")])
        #expect(alone.host == "so.example.com")
        let two = try Self.origin([
            ("X-Forwarded-For", "203.0.113.7, 10.0.0.2"), ("X-Forwarded-Host", "so.example.com, inner"),
        ])
        #expect(two.host == "so.example.com", "a proxy before the proxy says what the client asked for")
    }

    @Test("What a client put into the list itself is not believed")
    func spoofed() throws {
        let chain = "127.0.0.1, 203.0.113.7, 10.0.0.2"
        #expect(try Self.origin([("X-Forwarded-For", chain)]).address == "203.0.113.7")
        #expect(
            try Self.origin([("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-For", "203.0.113.7")]).address
                == "203.0.113.7"
        )
        let forwarded = "for=127.0.0.1;host=evil.example, for=203.0.113.7;host=so.example.com;proto=https, for=10.0.0.2"
        let origin = try Self.origin([("Forwarded", forwarded)], in: .forwarded)
        #expect(origin.address == "203.0.113.7")
        #expect(origin.host == "so.example.com")
        #expect(origin.scheme == "https")
    }

    @Test(
        "Forwarded is read with quotes, ports, IPv6 and any case",
        arguments: [
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17", "2001:db8:cafe:0:0:0:0:0/64"),
            ("for=192.0.2.43:4711", "192.0.2.43", "192.0.2.43"),
            ("FOR=\"192.0.2.43\" ; proto=HTTPS", "192.0.2.43", "192.0.2.43"),
        ]
    )
    func forwarded(header: String, address: String, network: String) throws {
        let origin = try Self.origin([("Forwarded", header)], in: .forwarded)
        #expect(origin.address == address)
        #expect(origin.network == network)
    }

    @Test("Where no header names the client, the proxy is the client", arguments: ["proto=https", ""])
    func unnamed(header: String) throws {
        #expect(try Self.origin([("Forwarded", header)], in: .forwarded).address == "10.0.0.1")
    }

    @Test(
        "A client whose name cannot be read is somebody, and not the proxy",
        arguments: ["for=unknown", "for=_hidden", "for=203.0.113.9:1:2", "for=\"fe80::1%eth0\"", "for=127.1"]
    )
    func hidden(header: String) throws {
        let origin = try Self.origin(
            [("Forwarded", header)],
            from: "127.0.0.1",
            trusting: ["127.0.0.1"],
            in: .forwarded
        )
        #expect(!origin.address.hasPrefix("127.0.0.1"))
        #expect(!origin.address.isEmpty)
    }

    @Test("What stands in quotes is one value, and the first of two counts")
    func quoted() throws {
        let header = "for=203.0.113.9;host=\"x;for=127.0.0.1\", proto=https"
        #expect(try Self.origin([("Forwarded", header)], in: .forwarded).scheme == "https")
        let first = try Self.origin([("Forwarded", "for=203.0.113.9;host=\"x;for=127.0.0.1\"")], in: .forwarded)
        #expect(first.address == "203.0.113.9")
        let twice = try Self.origin([("Forwarded", "for=203.0.113.9;for=127.0.0.1")], in: .forwarded)
        #expect(twice.address == "203.0.113.9")
    }

    @Test("A quote that a client opens does not hide what the proxy adds after it")
    func openQuote() throws {
        for chain in ["\"1, 203.0.113.7", "1\", 203.0.113.7", "\"127.0.0.1\", 203.0.113.7, 10.0.0.2"] {
            #expect(try Self.origin([("X-Forwarded-For", chain)]).network == "203.0.113.7", "\(chain)")
        }
        for header in ["for=\"1, for=203.0.113.7", "for=\"127.0.0.1, for=203.0.113.7;host=evil.example"] {
            let origin = try Self.origin([("Forwarded", header)], in: .forwarded)
            #expect(origin.network == "unknown", "somebody, and not the proxy: \(header)")
            #expect(origin.host == "inner:8087")
        }
        let fields = [("Forwarded", "for=\"1"), ("Forwarded", "for=203.0.113.7")]
        #expect(try Self.origin(fields, in: .forwarded).network == "203.0.113.7")
    }

    @Test("Hosts and schemes that may not stand in a document are ignored")
    func invalid() throws {
        let origin = try Self.origin([("X-Forwarded-Host", "a\"><x>"), ("X-Forwarded-Proto", "javascript")])
        #expect(origin.host == "inner:8087")
        #expect(origin.scheme == "http")
    }

    @Test("Clients of one IPv6 network are slowed down together")
    func networks() throws {
        let first = try Self.origin([], from: "2001:db8::1", trusting: [])
        let second = try Self.origin([], from: "2001:db8::2", trusting: [])
        let other = try Self.origin([], from: "2001:db8:0:1::1", trusting: [])
        #expect(first.network == second.network)
        #expect(first.network != other.network)
        let sixToFour = try ["2002:c000:201::1", "2002:c000:201::2"].map {
            try Self.origin([], from: $0, trusting: []).network
        }
        #expect(sixToFour[0] == sixToFour[1])
    }

    @Test("A client of IPv4 is itself also where it comes mapped into IPv6")
    func mapped() throws {
        #expect(try Self.origin([], from: "::ffff:192.0.2.1", trusting: []).network == "192.0.2.1")
        let headers = [("X-Forwarded-For", "203.0.113.7")]
        #expect(try Self.origin(headers, from: "::ffff:10.0.0.1").address == "203.0.113.7")
    }

    @Test(
        "Addresses that merely hold a trusted one are not trusted",
        arguments: ["2002:a00:1::1", "64:ff9b::a00:1", "::a00:1"]
    )
    func embedded(peer: String) throws {
        #expect(try Self.origin([("X-Forwarded-For", "127.0.0.1")], from: peer).address != "127.0.0.1")
    }

    private static func isLocal(
        _ headers: [(String, String)] = [],
        peer: String = "127.0.0.1",
        host: String? = "localhost:8087"
    ) throws -> Bool {
        var request = HTTPRequest(method: .get, scheme: nil, authority: host, path: "/")
        for (name, value) in headers {
            request.headerFields.append(.init(name: try #require(.init(name)), value: value))
        }
        return ForwardingHeaders.isLocal(request, peer: try SocketAddress(ipAddress: peer, port: 40000))
    }

    @Test("A program of this machine that asks for it by its own name is local")
    func local() throws {
        for host in ["localhost", "LOCALHOST:1", "127.0.0.1:8087", "127.9.9.9", "[::1]", "[::1]:8087"] {
            for peer in ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"] {
                #expect(try Self.isLocal(peer: peer, host: host), "\(peer) \(host)")
            }
        }
        #expect(try Self.isLocal([("User-Agent", "curl"), ("X-Request-Id", "1"), ("Cookie", "a=b")]))
    }

    @Test("Who connects from elsewhere, or asks for another host, is not local")
    func notLocal() throws {
        for peer in ["192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1", "2001:db8::1", "::"] {
            #expect(try !Self.isLocal(peer: peer), "\(peer)")
        }
        for host in [
            nil, "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.1", "localhost:x",
        ] {
            #expect(try !Self.isLocal(host: host), "\(host ?? "none")")
        }
    }

    @Test(
        "Whoever a proxy of this machine asks for is not local, whatever the header is",
        arguments: [
            "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded", "X-Forwarded-Server",
            "Forwarded",
            "Via", "X-Real-IP", "x-real-ip", "CF-Connecting-IP", "CF-Ray", "True-Client-IP", "X-Client-IP",
            "X-Cluster-Client-IP", "X-Original-For", "X-Original-URL", "X-Envoy-External-Address", "X-ARR-LOG-ID",
            "X-Amzn-Trace-Id", "X-Amz-Cf-Id", "X-Azure-ClientIP", "Fastly-Client-IP", "Fly-Client-IP", "X-Varnish",
            "CDN-Loop", "Tailscale-User-Login", "X-Cloud-Trace-Context",
        ]
    )
    func forwardedToLocal(name: String) throws {
        for value in ["127.0.0.1", "localhost", "", "203.0.113.7"] {
            #expect(try !Self.isLocal([(name, value)]), "\(value)")
        }
    }

    @Test("Only the header that the proxy sets is read; the other is the client's own")
    func otherHeader() throws {
        let headers = [
            ("Forwarded", "for=127.0.0.1;host=evil.example;proto=https"), ("X-Forwarded-For", "203.0.113.7"),
        ]
        let origin = try Self.origin(headers)
        #expect(origin.address == "203.0.113.7")
        #expect(origin.host == "inner:8087")
        #expect(try Self.origin(headers, in: .forwarded).address == "127.0.0.1")
    }
}
