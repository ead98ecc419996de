/// Which addresses notifications may be sent to. Without it, whoever may save a webhook could make the service call what
/// only the service can reach.
package struct AddressPolicy: Sendable, Hashable {
    /// Whether every address is allowed, as in development.
    package var allowsEverything: Bool
    /// Ranges that are allowed although they are not public.
    package var allowed: [AddressRange]

    /// Public addresses, and what is given.
    package init(allowsEverything: Bool = false, allowed: [AddressRange] = []) {
        (self.allowsEverything, self.allowed) = (allowsEverything, allowed)
    }

    /// Why `address` may not be called, nil when it may.
    package func objection(to address: IPAddress) -> String? {
        if allowsEverything || allowed.contains(where: { $0.contains(address) }) { return nil }
        if let inner = address.embeddedV4 {
            guard let objection = objection(to: inner) else { return nil }
            return "\(address) stands for \(objection)"
        }
        guard let rule = Self.rules.first(where: { $0.range.contains(address) }) else { return nil }
        return "\(address), a \(rule.kind) address, which is not allowed"
    }

    /// The special-purpose registries of IANA (RFC 6890 and its updates), and what is reserved beside them.
    private static let rules: [(kind: String, range: AddressRange)] = [
        ("this-network", "0.0.0.0/8"), ("private", "10.0.0.0/8"), ("shared (CGNAT)", "100.64.0.0/10"),
        ("loopback", "127.0.0.0/8"), ("link-local", "169.254.0.0/16"), ("private", "172.16.0.0/12"),
        ("protocol-assignment", "192.0.0.0/24"), ("documentation", "192.0.2.0/24"),
        ("6to4-relay", "192.88.99.0/24"), ("private", "192.168.0.0/16"), ("benchmarking", "198.18.0.0/15"),
        ("documentation", "198.51.100.0/24"), ("documentation", "203.0.113.0/24"), ("multicast", "224.0.0.0/4"),
        ("reserved", "240.0.0.0/4"),
        ("unspecified", "::/128"), ("loopback", "::1/128"), ("local NAT64", "64:ff9b:1::/48"),
        ("discard-only", "100::/64"), ("protocol-assignment", "2001::/23"), ("documentation", "2001:db8::/32"),
        ("documentation", "3fff::/20"), ("segment-routing", "5f00::/16"), ("private", "fc00::/7"),
        ("link-local", "fe80::/10"), ("site-local", "fec0::/10"), ("multicast", "ff00::/8"),
    ].compactMap { kind, text in AddressRange(text).map { (kind, $0) } }
}
