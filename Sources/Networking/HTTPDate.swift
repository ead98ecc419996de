package import Foundation

/// Dates as HTTP writes them (RFC 9110, section 5.6.7).
package enum HTTPDate {
    /// The end of the year 9999, after which no form has enough digits; in seconds since 1970.
    private static let end = 253_402_300_800.0

    /// The date in the preferred form.
    package static func text(_ date: Date) -> String { formatter(forms[0]).string(from: date) }

    /// The date in any of the three forms, nil when it is none.
    package static func parse(_ text: String) -> Date? {
        for form in forms {
            guard let date = formatter(form).date(from: text) else { continue }
            return abs(date.timeIntervalSince1970) < end ? date : nil
        }
        return nil
    }

    /// The preferred one first.
    private static let forms = [
        "EEE, dd MMM yyyy HH:mm:ss 'GMT'", "EEEE, dd-MMM-yy HH:mm:ss 'GMT'", "EEE MMM d HH:mm:ss yyyy",
    ]

    private static func formatter(_ form: String) -> DateFormatter {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = form
        return formatter
    }
}
