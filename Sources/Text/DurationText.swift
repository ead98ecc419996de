/// Durations as settings write them: `300ms`, `15s`, `5m`, `6h`, `3d`.
package enum DurationText {
    private static let units: [(suffix: String, duration: Duration)] = [
        ("ms", .milliseconds(1)), ("s", .seconds(1)), ("m", .seconds(60)), ("h", .seconds(3600)),
        ("d", .seconds(86400)),
    ]

    /// A hundred years. A longer duration is a slip.
    private static let longest = Duration.seconds(86400 * 36500)

    /// The duration, nil when `text` is none.
    package static func parse(_ text: some StringProtocol) -> Duration? {
        for (suffix, unit) in units where text.hasSuffix(suffix) {
            guard let count = Int64(text.dropLast(suffix.count)), count >= 0, Double(count) <= longest / unit else {
                continue
            }
            return unit * Int(count)
        }
        return nil
    }

    /// Durations separated by commas, nil when one is none. Nothing at all is an empty list.
    package static func parseList(_ text: String) -> [Duration]? {
        var durations: [Duration] = []
        for part in text.split(separator: ",") {
            guard let duration = parse(part.trimmingPrefix(" ")) else { return nil }
            durations.append(duration)
        }
        return durations
    }

    /// Writes a duration with the largest unit that leaves no fraction. Parts of a millisecond are cut off.
    package static func text(of duration: Duration) -> String {
        let milliseconds = Int64(duration / .milliseconds(1))
        guard milliseconds != 0 else { return "0s" }
        for (suffix, unit) in units.reversed() {
            let (count, rest) = milliseconds.quotientAndRemainder(dividingBy: Int64(unit / .milliseconds(1)))
            if rest == 0 { return "\(count)\(suffix)" }
        }
        return "\(milliseconds)ms"
    }

    /// Writes durations with commas between them.
    package static func text(of durations: [Duration]) -> String {
        durations.map { text(of: $0) }.joined(separator: ",")
    }
}
