import Foundation

/// An IPv4 or IPv6 address, as far as deciding about it needs it.
package enum IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// The first byte is the highest.
    case v4(UInt32)
    /// The network's half, and the host's.
    case v6(high: UInt64, low: UInt64)

    /// Reads an address in its usual text form, without a zone; nil for anything else, decimal and octal forms included.
    package init?(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        let number = { (part: ArraySlice<UInt8>) in part.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self = .v4(UInt32(number(bytes[..<4])))
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self = .v6(high: number(bytes[..<8]), low: number(bytes[8...]))
        } else {
            return nil
        }
    }

    /// Reads an address that may end with the zone it belongs to (`fe80::1%eth0`), as a socket shows it; the zone is left out.
    ///
    /// Returns nil for anything else.
    package init?(zoned text: String) {
        guard let address = text.split(separator: "%", omittingEmptySubsequences: false).first else { return nil }
        self.init(String(address))
    }

    /// Whether the address leads to this machine: 127.0.0.0/8 or ::1, also as an IPv4-mapped address.
    package var isLoopback: Bool {
        switch unmapped {
        case .v4(let bits): bits >> 24 == 127
        case .v6(high: 0, low: 1): true
        default: false
        }
    }

    /// The address itself, an IPv4-mapped one as IPv4: a listener for both sees clients of IPv4 so.
    package var unmapped: IPAddress {
        if case .v6(0, let low) = self, low >> 32 == 0xFFFF { .v4(UInt32(truncatingIfNeeded: low)) } else { self }
    }

    /// The IPv4 address that an IPv6 one stands for: IPv4-mapped, -translated and -compatible, NAT64 (RFC 6052) and 6to4 (RFC 3056).
    package var embeddedV4: IPAddress? {
        guard case .v6(let high, let low) = self else { return nil }
        let last = UInt32(truncatingIfNeeded: low)
        if high == 0, low >> 32 == 0xFFFF || low >> 32 == 0xFFFF_0000 { return .v4(last) }
        if high == 0, low >> 32 == 0, last > 1 { return .v4(last) }
        if high == 0x0064_FF9B_0000_0000, low >> 32 == 0 { return .v4(last) }
        if high >> 48 == 0x2002 { return .v4(UInt32(truncatingIfNeeded: high >> 16)) }
        return nil
    }

    /// The usual text form.
    package var description: String {
        switch self {
        case .v4(let bits): (0..<4).map { String(bits >> (24 - $0 * 8) & 255) }.joined(separator: ".")
        case .v6(let high, let low):
            [high, low].flatMap { half in (0..<4).map { String(half >> (48 - $0 * 16) & 0xFFFF, radix: 16) } }
                .joined(separator: ":")
        }
    }
}
