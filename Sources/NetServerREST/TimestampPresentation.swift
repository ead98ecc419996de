import Foundation
import WebhookModel

/// How times are shown: in UTC, or in the zone that `SO-TimeZone` names. A time in a zone is shown without the offset of the
/// zone, as NetServer shows it, unless the header asks for the offset with `includeTZOffset`.
struct TimestampPresentation: Sendable {
    private let zone: TimeZone?
    private let includesOffset: Bool

    /// Reads a value of `SO-TimeZone`; nil and empty text mean UTC. Returns nil for a text that names no time zone.
    ///
    /// The header may hold the codes that NetServer's documentation gives time zones, the numbers that it gives some of them,
    /// and also identifiers of the IANA database, all in any case. Codes that the documentation does not explain leave times in
    /// UTC, as NetServer is documented to leave the times of changes.
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

    /// Whether a text has the form of a number or a code: the two letters of a country and, for a country with several zones, a
    /// part of the country.
    private static func isCode(_ name: String) -> Bool {
        name.uppercased() == "UTC" || name.wholeMatch(of: /[0-9]{1,4}|[A-Za-z]{2}(-[A-Za-z0-9]{1,4})?/) != nil
    }

    /// The identifiers of the IANA database, by their text in lower case.
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
