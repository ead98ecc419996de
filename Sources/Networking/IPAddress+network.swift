extension IPAddress {
    /// What counts as one client: an address of IPv4; of IPv6, of which a client usually has a whole /64, that.
    package var network: String {
        if case .v6(let high, _) = self { "\(IPAddress.v6(high: high, low: 0))/64" } else { description }
    }
}
