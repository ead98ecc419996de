import Foundation
import WebhookModel

/// How times are shown: in UTC, or in the zone that `SO-TimeZone` names. In a zone they are without its offset, as NetServer
/// shows them, unless the header asks for it with `includeTZOffset`.
struct TimestampPresentation: Sendable {
    private let zone: TimeZone?
    private let includesOffset: Bool

    /// Reads a value of `SO-TimeZone`; nil or nothing means UTC. The initializer gives nil for what is no time zone.
    ///
    /// Taken are the codes that NetServer's documentation gives time zones, their numbers where it tells them, and, beyond
    /// that, identifiers of the IANA database, all in any case. Codes that the documentation does not explain leave times in
    /// UTC, as NetServer is documented to leave those of changes.
    init?(zone text: String?) {
        let parts = (text ?? "").split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        let name = parts[0]
        includesOffset = parts.dropFirst().contains { $0.lowercased() == "includetzoffset" }
        if name.isEmpty || Self.isCode(name) {
            zone = Self.codes[name.uppercased()].flatMap(TimeZone.init(identifier:))
        } else if let known = TimeZone(identifier: Self.identifiers[name.lowercased()] ?? name) {
            zone = known
        } else {
            return nil
        }
    }

    func text(_ time: Timestamp) -> String {
        guard time != .unset else { return time.description + (zone != nil && !includesOffset ? "" : "Z") }
        guard let zone else { return time.description }
        let seconds = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time.ticks) / 1e7))
        let local = Timestamp(ticks: time.ticks + Int64(seconds) * 10_000_000)
        guard includesOffset else { return String(local.description.dropLast()) }
        let minutes = abs(seconds) / 60
        let offset = [minutes / 60, minutes % 60].map { ($0 < 10 ? "0" : "") + String($0) }.joined(separator: ":")
        return local.description.dropLast() + (seconds < 0 ? "-" : "+") + offset
    }

    /// Whether it has the form of a number or a code: a country's two letters and, where it has several zones, a part of it.
    private static func isCode(_ name: String) -> Bool {
        name.uppercased() == "UTC" || name.wholeMatch(of: /[0-9]{1,4}|[A-Za-z]{2}(-[A-Za-z0-9]{1,4})?/) != nil
    }

    /// By their names in lower case.
    private static let identifiers = Dictionary(
        TimeZone.knownTimeZoneIdentifiers.map { ($0.lowercased(), $0) },
        uniquingKeysWith: { first, _ in first }
    )

    /// The documented codes with their numbers, and those of countries of one zone that NetServer is sold in.
    private static let codes = [
        "1": "UTC", "UTC": "UTC", "36": "Australia/Canberra", "AU-ACT": "Australia/Canberra", "50": "Asia/Dhaka",
        "BD": "Asia/Dhaka", "114": "America/Toronto", "CA-QC": "America/Toronto", "140": "Europe/Copenhagen",
        "DK": "Europe/Copenhagen", "156": "Europe/Paris", "FR": "Europe/Paris", "261": "Europe/Oslo",
        "NO": "Europe/Oslo",
        "425": "America/Los_Angeles", "US-CA": "America/Los_Angeles", "433": "Pacific/Honolulu",
        "US-HI": "Pacific/Honolulu", "460": "America/New_York", "US-NY": "America/New_York",
        "AT": "Europe/Vienna", "BE": "Europe/Brussels", "BG": "Europe/Sofia", "CH": "Europe/Zurich",
        "CZ": "Europe/Prague",
        "DE": "Europe/Berlin", "EE": "Europe/Tallinn", "FI": "Europe/Helsinki", "GB": "Europe/London",
        "GR": "Europe/Athens", "HR": "Europe/Zagreb", "HU": "Europe/Budapest", "IE": "Europe/Dublin",
        "IS": "Atlantic/Reykjavik", "IT": "Europe/Rome", "LT": "Europe/Vilnius", "LU": "Europe/Luxembourg",
        "LV": "Europe/Riga", "NL": "Europe/Amsterdam", "PL": "Europe/Warsaw", "RO": "Europe/Bucharest",
        "SE": "Europe/Stockholm", "SI": "Europe/Ljubljana", "SK": "Europe/Bratislava",
    ]
}
