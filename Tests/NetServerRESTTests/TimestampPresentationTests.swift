import Testing
import WebhookModel

@testable import NetServerREST

/// How times are shown.
@Suite("REST times")
struct TimestampPresentationTests {
    /// - Parameters:
    ///   - second: Since 1970.
    ///   - ticks: Of 100 ns, beyond the second.
    static func time(_ second: Int64, _ ticks: Int64 = 0) -> Timestamp {
        Timestamp(ticks: second * 10_000_000 + ticks)
    }

    @Test("REST times without a zone are UTC, with as many digits as needed")
    func utc() throws {
        let times = try #require(TimestampPresentation(zone: nil))
        #expect(times.text(Self.time(1_709_209_815, 1_234_500)) == "2024-02-29T12:30:15.12345Z")
        #expect(times.text(Self.time(1_709_209_815, 1)) == "2024-02-29T12:30:15.0000001Z")
        #expect(times.text(Self.time(1_709_209_815, 9_999_999)) == "2024-02-29T12:30:15.9999999Z")
        #expect(times.text(Self.time(1_709_209_815)) == "2024-02-29T12:30:15Z")
    }

    @Test("A zone that is empty is none that is asked for")
    func empty() throws {
        let times = try #require(TimestampPresentation(zone: ""))
        #expect(times.text(Self.time(1_709_209_815)) == "2024-02-29T12:30:15Z")
    }

    static let zoned: [(zone: String, second: Int64, text: String)] = [
        ("Europe/Oslo", 1_709_209_815, "2024-02-29T13:30:15.12345+01:00"),
        ("Europe/Oslo", 1_719_792_000, "2024-07-01T02:00:00.12345+02:00"),
        // The year begins an hour sooner, and ends five hours later.
        ("Europe/Oslo", 1_704_065_400, "2024-01-01T00:30:00.12345+01:00"),
        ("America/New_York", 1_704_069_000, "2023-12-31T19:30:00.12345-05:00"),
        // Summer time begins and ends at 01:00 UTC.
        ("Europe/Oslo", 1_711_846_799, "2024-03-31T01:59:59.12345+01:00"),
        ("Europe/Oslo", 1_711_846_800, "2024-03-31T03:00:00.12345+02:00"),
        ("Europe/Oslo", 1_729_990_799, "2024-10-27T02:59:59.12345+02:00"),
        ("Europe/Oslo", 1_729_990_800, "2024-10-27T02:00:00.12345+01:00"),
        // Not all zones are whole hours apart.
        ("Asia/Kathmandu", 1_709_209_815, "2024-02-29T18:15:15.12345+05:45"),
        ("America/St_Johns", 1_709_209_815, "2024-02-29T09:00:15.12345-03:30"),
        ("Pacific/Kiritimati", 1_709_209_815, "2024-03-01T02:30:15.12345+14:00"),
    ]

    @Test(
        "REST times are in the requested zone, with its offset where includeTZOffset asks",
        arguments: zoned
    )
    func local(zone: String, second: Int64, text: String) throws {
        let bare = try #require(TimestampPresentation(zone: zone))
        #expect(bare.text(Self.time(second, 1_234_500)) == String(text.dropLast(6)))
        let times = try #require(TimestampPresentation(zone: zone + ", includeTZOffset"))
        #expect(times.text(Self.time(second, 1_234_500)) == text)
    }

    @Test(
        "A time that was never set is the same in every zone",
        arguments: [
            (nil, "Z"), ("Europe/Oslo", ""), ("Asia/Tokyo", ""), ("Europe/Oslo,includeTZOffset", "Z"), ("XX", "Z"),
        ]
    )
    func unset(zone: String?, end: String) throws {
        let times = try #require(TimestampPresentation(zone: zone))
        #expect(times.text(.unset) == "0001-01-01T00:00:00" + end)
    }

    @Test(
        "NetServer's codes and numbers name zones, in any case",
        arguments: [
            ("NO", "2024-02-29T13:30:15"), ("no", "2024-02-29T13:30:15"), ("261", "2024-02-29T13:30:15"),
            (" NO , includeTZOffset", "2024-02-29T13:30:15+01:00"), ("NO,INCLUDETZOFFSET", "2024-02-29T13:30:15+01:00"),
            ("US-NY, includeTZOffset", "2024-02-29T07:30:15-05:00"), ("US-NY,x,y", "2024-02-29T07:30:15"),
            ("US-NY,x,includeTZOffset", "2024-02-29T07:30:15-05:00"), ("US-NY,", "2024-02-29T07:30:15"),
            ("GB", "2024-02-29T12:30:15"), ("UTC", "2024-02-29T12:30:15"), ("1", "2024-02-29T12:30:15"),
            ("UTC, includeTZOffset", "2024-02-29T12:30:15+00:00"), ("europe/oslo", "2024-02-29T13:30:15"),
            ("CET", "2024-02-29T13:30:15"), ("US/Eastern", "2024-02-29T07:30:15"),
            (",includeTZOffset", "2024-02-29T12:30:15Z"),
        ]
    )
    func codes(zone: String, text: String) throws {
        let times = try #require(TimestampPresentation(zone: zone))
        #expect(times.text(Self.time(1_709_209_815)) == text)
    }

    @Test("A code that is not documented leaves times in UTC", arguments: ["XX", "499", "BR-SP", "AU-NSW"])
    func undocumented(code: String) throws {
        let times = try #require(TimestampPresentation(zone: code))
        #expect(times.text(Self.time(1_709_209_815)) == "2024-02-29T12:30:15Z")
    }

    @Test(
        "A zone that nobody knows is none",
        arguments: ["Nowhere", "Europe/Nowhere", "W. Europe Standard Time", "../../etc/passwd", "+01:00x"]
    )
    func unknown(zone: String) {
        #expect(TimestampPresentation(zone: zone) == nil)
    }
}
