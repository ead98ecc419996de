package import FoundationEssentials

/// A moment in UTC, counted in ticks of 100 ns since 1970: the resolution of the original's clock and of every time
/// that it writes.
package struct Timestamp: Sendable, Hashable, Comparable, Codable {
    /// Ticks of 100 ns since 1970-01-01T00:00:00Z; negative before.
    package var ticks: Int64

    /// - Parameter ticks: 100 ns each, since 1970-01-01T00:00:00Z.
    package init(ticks: Int64) {
        self.ticks = ticks
    }

    /// The moment that a date stands for, cut to a tick; the first or the last that there is where it is beyond them.
    package init(_ date: Date) {
        let ticks = (date.timeIntervalSince1970 * 10_000_000).rounded(.down)
        self.ticks = Int64(exactly: ticks) ?? (ticks < 0 ? .min : .max)
    }

    /// What stands for a time that was never set: `0001-01-01T00:00:00` (docs/contract.md#section-9).
    package static let unset = Timestamp(ticks: -621_355_968_000_000_000)

    /// This moment, `duration` later.
    package func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 10_000_000)
        let (sum, overflows) = ticks.addingReportingOverflow(whole)
        let (ticks, overflowsAtLast) = sum.addingReportingOverflow(attoseconds / 100_000_000_000)
        guard !isTooLong, !overflows, !overflowsAtLast else { return Timestamp(ticks: duration < .zero ? .min : .max) }
        return Timestamp(ticks: ticks)
    }

    /// The time from `earlier` to this moment.
    package func since(_ earlier: Timestamp) -> Duration {
        let (difference, overflows) = ticks.subtractingReportingOverflow(earlier.ticks)
        let all = overflows ? (ticks < 0 ? .min : .max) : difference
        let (seconds, rest) = all.quotientAndRemainder(dividingBy: 10_000_000)
        return Duration(secondsComponent: seconds, attosecondsComponent: rest * 100_000_000_000)
    }

    /// Whether `left` is the earlier one.
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.ticks < right.ticks
    }
}

extension Timestamp: CustomStringConvertible {
    /// `yyyy-MM-ddTHH:mm:ss[.fffffff]Z`, trailing zeros trimmed (docs/contract.md#section-4 and
    /// docs/contract.md#section-7); a time that was never set carries no zone.
    package var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(28)
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends ``description`` to `text`, in UTF-8.
    package func append(to text: inout [UInt8]) {
        var days = ticks / 864_000_000_000
        var rest = ticks % 864_000_000_000
        if rest < 0 {
            rest += 864_000_000_000
            days -= 1
        }
        let (year, month, day) = Self.civil(days: days)
        let seconds = rest / 10_000_000
        Self.append(year, 4, to: &text)
        text.append(UInt8(ascii: "-"))
        Self.append(month, 2, to: &text)
        text.append(UInt8(ascii: "-"))
        Self.append(day, 2, to: &text)
        text.append(UInt8(ascii: "T"))
        Self.append(seconds / 3600, 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.append(seconds / 60 % 60, 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.append(seconds % 60, 2, to: &text)
        let fraction = rest % 10_000_000
        if fraction > 0 {
            text.append(UInt8(ascii: "."))
            Self.append(fraction, 7, to: &text)
            while text.last == UInt8(ascii: "0") { text.removeLast() }
        }
        if self != .unset { text.append(UInt8(ascii: "Z")) }
    }

    /// Year, month and day of a day number, in the proleptic Gregorian calendar (days are counted from 0000-03-01 in
    /// eras of 400 years, so that the leap day is the last of its year).
    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// Appends a number with zeros before it, up to `width` characters.
    private static func append(_ number: Int64, _ width: Int, to text: inout [UInt8]) {
        let start = text.count
        var rest = number.magnitude
        repeat {
            text.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        if number < 0 { text.append(UInt8(ascii: "-")) }
        while text.count - start < width { text.append(UInt8(ascii: "0")) }
        var (first, last) = (start, text.count - 1)
        while first < last {
            text.swapAt(first, last)
            (first, last) = (first + 1, last - 1)
        }
    }
}
