package import Foundation

/// Dates as HTTP writes them (RFC 9110, section 5.6.7).
package enum HTTPDate {
    /// The end of the year 9999, after which no form has enough digits; in seconds since 1970.
    private static let end = 253_402_300_800.0

    /// The date in any of the three forms, nil when it is none.
    package static func parse(_ text: String) -> Date? {
        for format in ["EEE, dd MMM yyyy HH:mm:ss 'GMT'", "EEEE, dd-MMM-yy HH:mm:ss 'GMT'", "EEE MMM d HH:mm:ss yyyy"] {
            let formatter = DateFormatter()
            formatter.locale = Locale(identifier: "en_US_POSIX")
            formatter.timeZone = TimeZone(secondsFromGMT: 0)
            formatter.dateFormat = format
            if let date = formatter.date(from: text) { return abs(date.timeIntervalSince1970) < end ? date : nil }
        }
        return nil
    }
}
