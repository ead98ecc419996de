import Foundation
import Networking
import TestSupport
import Testing
import WebhookModel

@Suite("Timestamps")
struct TimestampTests {
    /// Seconds since 1970, further ticks, and the text.
    static let cases: [(Int64, Int64, String)] = [
        (0, 0, "1970-01-01T00:00:00Z"),
        (0, 1, "1970-01-01T00:00:00.0000001Z"),
        (0, 10, "1970-01-01T00:00:00.000001Z"),
        (0, 5_000_000, "1970-01-01T00:00:00.5Z"),
        (0, 9_999_999, "1970-01-01T00:00:00.9999999Z"),
        (0, 1_234_500, "1970-01-01T00:00:00.12345Z"),
        (0, 100_000, "1970-01-01T00:00:00.01Z"),
        (1, 0, "1970-01-01T00:00:01Z"),
        (86_399, 0, "1970-01-01T23:59:59Z"),
        (-1, 0, "1969-12-31T23:59:59Z"),
        (0, -1, "1969-12-31T23:59:59.9999999Z"),
        (-1, 5_000_000, "1969-12-31T23:59:59.5Z"),
        (-86_400, 0, "1969-12-31T00:00:00Z"),
        (-86_400, -1, "1969-12-30T23:59:59.9999999Z"),
        (1_709_209_815, 1_230_000, "2024-02-29T12:30:15.123Z"),
        (951_782_400, 0, "2000-02-29T00:00:00Z"),
        (978_307_199, 9_999_999, "2000-12-31T23:59:59.9999999Z"),
        (978_307_200, 0, "2001-01-01T00:00:00Z"),
        (1_677_628_799, 0, "2023-02-28T23:59:59Z"),
        (1_677_628_800, 0, "2023-03-01T00:00:00Z"),
        (4_107_542_399, 0, "2100-02-28T23:59:59Z"),
        (4_107_542_400, 0, "2100-03-01T00:00:00Z"),
        (-2_203_891_201, 0, "1900-02-28T23:59:59Z"),
        (-2_203_891_200, 0, "1900-03-01T00:00:00Z"),
        (-2_077_747_200, 0, "1904-02-29T00:00:00Z"),
        (-8_520_336_001, 0, "1699-12-31T23:59:59Z"),
        (-8_515_238_400, 0, "1700-03-01T00:00:00Z"),
        (-11_670_998_400, 0, "1600-02-29T00:00:00Z"),
        (-62_135_596_800, 1, "0001-01-01T00:00:00.0000001Z"),
        (253_402_300_799, 9_999_999, "9999-12-31T23:59:59.9999999Z"),
    ]

    @Test(
        "Times are written in UTC with at most 7 digits of a second, without zeros at the end",
        arguments: TimestampTests.cases
    )
    func description(seconds: Int64, ticks: Int64, text: String) {
        #expect(Timestamp(ticks: seconds * 10_000_000 + ticks).description == text)
    }

    @Test(
        "Years before 1 and after 9999 are written with all their digits",
        arguments: [
            (Int64.max, "31197-09-14T02:48:05.4775807Z"), (.min, "-27258-04-19T21:11:54.5224192Z"),
            (2_534_023_008_000_000_000, "10000-01-01T00:00:00Z"),
            (-621_355_968_000_000_001, "0000-12-31T23:59:59.9999999Z"),
            (-622_937_088_000_000_000, "00-5-12-29T00:00:00Z"), (-747_499_968_000_000_000, "-399-04-08T00:00:00Z"),
        ] as [(Int64, String)]
    )
    func otherYears(ticks: Int64, text: String) {
        #expect(Timestamp(ticks: ticks).description == text)
        var bytes = Array("at ".utf8)
        Timestamp(ticks: ticks).append(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "at " + text)
    }

    @Test("A time that was never set carries no zone")
    func unset() {
        #expect(Timestamp.unset.description == "0001-01-01T00:00:00")
        #expect(Webhook().registered == .unset)
        #expect(Webhook().updated == .unset)
    }

    @Test("Agree with Foundation on days throughout four centuries")
    func foundation() {
        // 1800-01-01 to 2200-01-01, each day at another time of day.
        let wrong = stride(from: -62_091, to: 84_006, by: 5).filter { day in
            let second = day * 86_400 + abs(day * 7_919) % 86_400
            let date = Date(timeIntervalSince1970: TimeInterval(second))
            return Timestamp(date).description != date.formatted(.iso8601)
        }
        #expect(wrong.isEmpty)
    }

    @Test("A date is cut to a tick, before 1970 too")
    func fromDate() {
        #expect(Timestamp(Date(timeIntervalSince1970: 0)) == Timestamp(ticks: 0))
        #expect(Timestamp(Date(timeIntervalSince1970: 1.5)).description == "1970-01-01T00:00:01.5Z")
        #expect(Timestamp(Date(timeIntervalSince1970: -0.25)).description == "1969-12-31T23:59:59.75Z")
    }

    @Test("The distance of any two moments can be told, and any duration added")
    func farMoments() {
        let moments = [Timestamp(ticks: .min), .unset, Timestamp(ticks: 0), Fixed.time, Timestamp(ticks: .max)]
        for earlier in moments {
            for later in moments where earlier < later {
                #expect(later.since(earlier) > .zero)
                #expect(earlier.since(later) < .zero)
                #expect(earlier.advanced(by: later.since(earlier)) <= later)
            }
        }
        #expect(Fixed.time.since(.unset) == .seconds(63_844_806_615) + .nanoseconds(123_450_000))
        #expect(Timestamp(ticks: .max).advanced(by: .nanoseconds(100)).ticks == .max)
        #expect(Timestamp(ticks: .min).advanced(by: .nanoseconds(-100)).ticks == .min)
        #expect(Timestamp(Date(timeIntervalSince1970: 1e30)).ticks == .max)
        #expect(Timestamp(Date(timeIntervalSince1970: -1e30)).ticks == .min)
    }

    @Test(
        "Dates of HTTP are read up to the year 9999",
        arguments: [
            ("Mon, 01 Jan 0001 00:00:00 GMT", true), ("Fri, 31 Dec 9999 23:59:59 GMT", true),
            ("Sun Nov  6 08:49:37 1994", true), ("Sunday, 06-Nov-94 08:49:37 GMT", true),
            ("Fri, 31 Dec 99999 23:59:59 GMT", false), ("Sun Nov  6 08:49:37 199400000000", false), ("", false),
        ]
    )
    func httpDates(text: String, isDate: Bool) {
        #expect((HTTPDate.parse(text) != nil) == isDate)
    }

    @Test("Durations are added and measured to the tick")
    func arithmetic() {
        let time = Timestamp(ticks: 1_000_000_000)
        #expect(time.advanced(by: .seconds(4)).ticks == 1_040_000_000)
        #expect(time.advanced(by: .milliseconds(-1500)).ticks == 985_000_000)
        #expect(time.advanced(by: .nanoseconds(199)).ticks == 1_000_000_001)
        #expect(time.advanced(by: .seconds(4)).since(time) == .seconds(4))
        #expect(time.since(time.advanced(by: .milliseconds(1))) == .milliseconds(-1))
        #expect(time < time.advanced(by: .nanoseconds(100)))
        #expect(Timestamp.unset < time)
    }
}
