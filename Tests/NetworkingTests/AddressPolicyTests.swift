import Networking
import Testing

@Suite("Address policy")
struct AddressPolicyTests {
    private func objection(to text: String, by policy: AddressPolicy) throws -> String? {
        let address = try #require(IPAddress(text))
        return policy.objection(to: address)
    }

    @Test(
        "What is not public is refused, with the rule",
        arguments: [
            ("127.0.0.1", "loopback"), ("127.255.255.255", "loopback"), ("10.0.0.1", "private"),
            ("172.16.0.1", "private"), ("172.31.255.255", "private"), ("192.168.1.1", "private"),
            ("169.254.169.254", "link-local"), ("0.0.0.0", "this-network"), ("0.1.2.3", "this-network"),
            ("100.64.0.1", "CGNAT"), ("100.127.255.255", "CGNAT"), ("192.0.0.1", "protocol"),
            ("192.0.2.1", "documentation"), ("198.51.100.7", "documentation"), ("203.0.113.9", "documentation"),
            ("198.18.0.1", "benchmarking"), ("198.19.255.255", "benchmarking"), ("224.0.0.1", "multicast"),
            ("239.255.255.255", "multicast"), ("240.0.0.1", "reserved"), ("255.255.255.255", "reserved"),
            ("::", "unspecified"), ("::1", "loopback"), ("fe80::1", "link-local"), ("febf::1", "link-local"),
            ("fec0::1", "site-local"), ("fc00::1", "private"), ("fd00::1", "private"), ("fdff:ffff::1", "private"),
            ("ff02::1", "multicast"), ("2001:db8::1", "documentation"), ("3fff::1", "documentation"),
            ("100::1", "discard"), ("64:ff9b:1::1", "NAT64"),
        ]
    )
    func refused(text: String, rule: String) throws {
        let address = try #require(IPAddress(text))
        let objection = try #require(AddressPolicy().objection(to: address))
        #expect(objection.contains(rule), "\(objection)")
        #expect(objection.hasSuffix("which is not allowed"), "\(objection)")
        #expect(AddressPolicy(allowsEverything: true).objection(to: address) == nil)
    }

    @Test(
        "An address that stands for one that is not public is refused",
        arguments: [
            ("::ffff:127.0.0.1", "127.0.0.1", "loopback"), ("::ffff:7f00:1", "127.0.0.1", "loopback"),
            ("::ffff:10.1.2.3", "10.1.2.3", "private"), ("::ffff:169.254.169.254", "169.254.169.254", "link-local"),
            ("::127.0.0.1", "127.0.0.1", "loopback"), ("::ffff:0.0.0.0", "0.0.0.0", "this-network"),
            ("64:ff9b::7f00:1", "127.0.0.1", "loopback"), ("64:ff9b::10.0.0.1", "10.0.0.1", "private"),
            ("2002:7f00:1::", "127.0.0.1", "loopback"), ("2002:a00:1::1", "10.0.0.1", "private"),
            ("2002:a9fe:a9fe::", "169.254.169.254", "link-local"),
        ]
    )
    func embedded(text: String, inner: String, rule: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.embeddedV4 == IPAddress(inner))
        let objection = try #require(AddressPolicy().objection(to: address))
        for part in [inner, rule, "which is not allowed"] { #expect(objection.contains(part), "\(objection)") }
    }

    @Test(
        "Public addresses are allowed",
        arguments: [
            "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
            "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0",
            "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
            "2606:4700:4700::1111", "2a00:1450:4001:82a::200e", "2001:4860:4860::8888", "::ffff:1.1.1.1",
            "64:ff9b::808:808", "2002:808:808::1",
        ]
    )
    func allowed(text: String) throws {
        #expect(try objection(to: text, by: AddressPolicy()) == nil)
    }

    @Test(
        "The allow-list opens exactly its ranges",
        arguments: [
            ("10.1.0.0/16", ["10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3"], ["10.0.255.255", "10.2.0.0"]),
            ("127.0.0.1", ["127.0.0.1", "::ffff:127.0.0.1"], ["127.0.0.2", "127.0.0.0", "::1"]),
            ("10.1.2.3/31", ["10.1.2.2", "10.1.2.3"], ["10.1.2.1", "10.1.2.4"]),
            ("::1/128", ["::1"], ["::", "127.0.0.1", "fe80::1"]),
            ("fd00:1::/32", ["fd00:1::1", "fd00:1:ffff::"], ["fd00:2::", "fd00::ffff", "fc00:1::"]),
            ("fd00::1:0:0:0/80", ["fd00::1:0:0:0", "fd00::1:0:ffff:ffff"], ["fd00::2:0:0:0", "fd00::1"]),
            ("0.0.0.0/0", ["127.0.0.1", "255.255.255.255", "::ffff:10.0.0.1"], ["::1", "fe80::1"]),
            ("::/0", ["::1", "fe80::1", "::ffff:127.0.0.1"], ["127.0.0.1", "10.0.0.1"]),
        ]
    )
    func allowList(range: String, open: [String], closed: [String]) throws {
        let range = try #require(AddressRange(range))
        let policy = AddressPolicy(allowed: [range])
        for text in open { #expect(try objection(to: text, by: policy) == nil, "\(text)") }
        for text in closed { #expect(try objection(to: text, by: policy) != nil, "\(text)") }
    }

    @Test("Several ranges open each of them")
    func severalRanges() throws {
        let policy = AddressPolicy(allowed: ["10.0.0.0/8", "::1"].compactMap { AddressRange($0) })
        for text in ["10.1.1.1", "::1"] { #expect(try objection(to: text, by: policy) == nil, "\(text)") }
        #expect(try objection(to: "192.168.0.1", by: policy) != nil)
    }

    // MARK: Text forms

    @Test(
        "Only the usual text forms are addresses",
        arguments: [
            "", "2130706433", "0x7f000001", "127.1", "0177.0.0.1", "127.0.0.1.", "127.0.0.256", " 127.0.0.1",
            "localhost", "[::1]", "::1%lo", "fe80::1%25eth0", "1:2:3:4:5:6:7", ":::", "::ffff:127.0.0.256", "12345::",
        ]
    )
    func noAddress(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("Different texts of one address are equal")
    func equalAddresses() {
        #expect(IPAddress("::FFFF:127.0.0.1") == IPAddress("0:0:0:0:0:ffff:7f00:0001"))
        #expect(IPAddress("::1") == IPAddress("0000:0000::0001"))
        #expect(IPAddress("::ffff:127.0.0.1") != IPAddress("127.0.0.1"))
    }

    @Test("The zone of an address is left out", arguments: ["127.0.0.1", "10.0.0.1", "::1", "fe80::1"])
    func zoned(text: String) {
        #expect(IPAddress(zoned: text) == IPAddress(text))
        #expect(IPAddress(zoned: text + "%eth0") == IPAddress(text))
        #expect(IPAddress(zoned: "%eth0") == nil)
        #expect(IPAddress(zoned: "") == nil)
    }

    @Test(
        "Addresses of 127.0.0.0/8, ::1 and their IPv4-mapped forms are loopback addresses",
        arguments: [
            ("127.0.0.1", true), ("127.255.255.254", true), ("::1", true), ("::ffff:127.0.0.1", true),
            ("126.255.255.255", false), ("128.0.0.1", false), ("::2", false), ("::", false), ("0.0.0.0", false),
        ]
    )
    func loopback(text: String, isLoopback: Bool) throws {
        #expect(try #require(IPAddress(text)).isLoopback == isLoopback)
    }

    @Test(
        "A host is this machine when it is localhost in any case, or a loopback address",
        arguments: [
            ("localhost", true), ("LocalHost", true), ("127.0.0.2", true), ("::1", true), ("localhost.example", false),
            ("127.example.com", false), ("10.0.0.1", false), ("", false),
        ]
    )
    func loopbackHost(host: String, isLoopback: Bool) {
        #expect(HostPort.isLoopback(host) == isLoopback)
        #expect(HostPort(host: host, port: 80).isLoopback == isLoopback)
    }

    @Test(
        "Only addresses with a prefix that they can have are ranges",
        arguments: [
            "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "10.0.0/8", "x/8", "/8",
        ]
    )
    func noRange(text: String) {
        #expect(AddressRange(text) == nil)
    }
}
