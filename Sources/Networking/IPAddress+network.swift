extension IPAddress {
    /// The text that stands for one client: an address of IPv4, or the /64 of an address of IPv6, since a client usually has
    /// a whole /64.
    package var network: String {
        if case .v6(let high, _) = self { "\(IPAddress.v6(high: high, low: 0))/64" } else { description }
    }
}
