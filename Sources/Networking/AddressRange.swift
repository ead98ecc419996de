/// A range of addresses: `10.0.0.0/8`, `fd00::/8`, or a single address.
package struct AddressRange: Sendable, Hashable {
    private let address: IPAddress
    private let prefix: Int

    /// Reads `ADDRESS/PREFIX` or `ADDRESS`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        let width =
            switch address {
            case .v4: 32
            case .v6: 128
            }
        let prefix = parts.count == 2 ? Int(parts[1]) : width
        guard let prefix, (0...width).contains(prefix) else { return nil }
        self.address = address
        self.prefix = prefix
    }

    /// Whether the range holds `other`.
    package func contains(_ other: IPAddress) -> Bool {
        switch (address, other) {
        case (.v4(let own), .v4(let bits)):
            Self.equal(UInt64(own) << 32, UInt64(bits) << 32, bits: prefix)
        case (.v6(let ownHigh, let ownLow), .v6(let high, let low)):
            Self.equal(ownHigh, high, bits: min(prefix, 64)) && Self.equal(ownLow, low, bits: max(prefix - 64, 0))
        default: false
        }
    }

    private static func equal(_ left: UInt64, _ right: UInt64, bits: Int) -> Bool {
        bits == 0 || (left ^ right) >> (64 - bits) == 0
    }
}
