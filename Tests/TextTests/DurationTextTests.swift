import Testing
import Text

/// Durations as settings and the parameters of admin calls write them.
@Suite("Duration text")
struct DurationTextTests {
    @Test(
        "Durations have units",
        arguments: [
            ("300ms", Duration.milliseconds(300)), ("15s", .seconds(15)), ("5m", .seconds(300)),
            ("6h", .seconds(21600)),
            ("3d", .seconds(259_200)), ("0s", .zero),
        ]
    )
    func durations(text: String, duration: Duration) {
        #expect(DurationText.parse(text) == duration)
    }

    @Test("What is no duration is none", arguments: ["", "s", "5", "-1s", "1.5s", "5x", "99999999999999999999s"])
    func noDurations(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(
        "A duration is written with the largest unit that fits",
        arguments: [
            (Duration.zero, "0s"), (.milliseconds(300), "300ms"), (.seconds(15), "15s"), (.seconds(90), "90s"),
            (.seconds(180), "3m"), (.seconds(21600), "6h"), (.seconds(604_800), "7d"),
        ]
    )
    func written(duration: Duration, text: String) {
        #expect(DurationText.text(of: duration) == text)
        #expect(DurationText.parse(text) == duration)
    }
}
