import Foundation
import JSON
import Testing
import WebhookModel

@Suite("Simple types")
struct ScalarTypeTests {
    /// A type with texts that are values of it and texts that are not.
    struct Case: Sendable, CustomTestStringConvertible {
        let type: ScalarType
        let accepted: [String]
        let refused: [String]

        var testDescription: String { type.rawValue }
    }

    private static let notWhole = ["", " 1", "1 ", "1.0", "1e3", "0x1", "a", "--1", "+", "-", "1,000", "١", "INF"]
    private static let notNumbers = [
        "", ".", "+", "-.", "e5", "1e", "1e+", "1.2.3", "0x1", "1,5", "1 ", "inf", "nan", "+INF",
    ]

    static let cases: [Case] = [
        Case(type: .string, accepted: ["", " x ", "é\n"], refused: []),
        Case(type: .anyURI, accepted: ["", "http://example.com/?a=b", "not a URI"], refused: []),
        Case(type: .boolean, accepted: ["true", "false", "1", "0"], refused: ["", "True", "yes", "2", " true"]),
        Case(type: .byte, accepted: ["-128", "127", "+1", "007"], refused: notWhole + ["-129", "128"]),
        Case(type: .unsignedByte, accepted: ["0", "255", "+1"], refused: notWhole + ["-1", "256"]),
        Case(type: .short, accepted: ["-32768", "32767"], refused: notWhole + ["-32769", "32768"]),
        Case(type: .unsignedShort, accepted: ["0", "65535"], refused: notWhole + ["-1", "65536"]),
        Case(
            type: .int,
            accepted: ["-2147483648", "2147483647", "+1", "007", "-0"],
            refused: notWhole + ["-2147483649", "2147483648"]
        ),
        Case(type: .unsignedInt, accepted: ["0", "4294967295"], refused: notWhole + ["-1", "4294967296"]),
        Case(
            type: .long,
            accepted: ["-9223372036854775808", "9223372036854775807"],
            refused: notWhole + ["-9223372036854775809", "9223372036854775808"]
        ),
        Case(
            type: .unsignedLong,
            accepted: ["0", "18446744073709551615"],
            refused: notWhole + ["-1", "18446744073709551616"]
        ),
        Case(
            type: .float,
            accepted: ["0", "1.5", "-1.5E-10", "1e5", ".5", "5.", "+1", "INF", "-INF", "NaN"],
            refused: notNumbers
        ),
        Case(
            type: .double,
            accepted: ["0", "1.7976931348623157E+308", "1e5", ".5", "5.", "007", "INF", "-INF", "NaN"],
            refused: notNumbers
        ),
        Case(
            type: .decimal,
            accepted: ["0", "-0.10", "+1", "007", ".5", "5.", "123456789012345678901234567890.123456789"],
            refused: notNumbers + ["1e5", "INF", "-INF", "NaN"]
        ),
        Case(type: .char, accepted: ["0", "65", "65535"], refused: ["", "A", "-1", "65536"]),
        Case(
            type: .guid,
            accepted: ["00000000-0000-0000-0000-000000000000", "01234567-89ab-CDEF-0123-456789abcdef"],
            refused: [
                "", "x", "0123456789abcdef0123456789abcdef", "{01234567-89ab-cdef-0123-456789abcdef}",
                "01234567-89ab-cdef-0123-456789abcdeg", "01234567-89ab-cdef-0123-456789abcde",
                "0123456-789ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdeé",
            ]
        ),
        Case(
            type: .base64Binary,
            accepted: ["", "AAAA", "AA==", "AAA=", "/+Az", "AA AA", "AAAA\nAAA="],
            refused: ["A", "AA", "AAA", "A===", "=", "====", "AA=A", "=AAA", "AA=", "AAAA=", "AA-_", "AAAé"]
        ),
        Case(
            type: .duration,
            accepted: [
                "P1Y", "P1M", "P1D", "PT1H", "PT1M", "PT1S", "PT1.5S", "P1Y2M3DT4H5M6.789S", "-P1D", "P0D", "P1000D",
                "PT0S",
                "P1DT1S",
            ],
            refused: [
                "", "P", "-P", "PT", "P1", "1D", "P1DT", "P1H", "PT1D", "P1W", "P-1D", "+P1D", "P1.5D", "PT.5S",
                "PT5.S",
                "P1D2Y", "p1d", " P1D", "P1D ", "P١D",
            ]
        ),
    ]

    @Test("A value must be one of its type", arguments: ScalarTypeTests.cases)
    func accepts(_ type: Case) {
        for text in type.accepted { #expect(type.type.accepts(text), "'\(text)'") }
        for text in type.refused { #expect(!type.type.accepts(text), "'\(text)'") }
    }

    @Test("Every type but dateTime is in the table above")
    func complete() {
        #expect(Set(Self.cases.map(\.type)).union([.dateTime]) == Set(ScalarType.allCases))
    }

    @Test(
        "Dates that exist are accepted, in every spelling",
        arguments: [
            "2024-02-29T12:30:15", "2000-02-29T00:00:00Z", "0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999Z",
            "2024-01-31T00:00:00+01:00", "2024-04-30T00:00:00-14:00", "2024-12-31T23:59:59+14:00",
            "2024-01-01T00:00:00.1",
            "2024-01-01T00:00:00.123456789012345-00:30",
        ]
    )
    func dateTime(text: String) {
        #expect(ScalarType.dateTime.accepts(text))
    }

    @Test(
        "Dates that do not exist, or are no dates, are refused",
        arguments: [
            "", "2024", "2024-02-29", "12:30:15", "2023-02-29T00:00:00", "1900-02-29T00:00:00", "2100-02-29T00:00:00",
            "2024-02-30T00:00:00", "2024-04-31T00:00:00", "2024-00-01T00:00:00", "2024-13-01T00:00:00",
            "2024-01-00T00:00:00", "2024-01-32T00:00:00", "0000-01-01T00:00:00", "-0001-01-01T00:00:00",
            "2024-01-01T24:00:00", "2024-01-01T25:00:00", "2024-01-01T00:60:00", "2024-01-01T00:00:60",
            "2024-01-01T00:00", "2024-01-01 00:00:00", "2024-01-01t00:00:00", "2024/01/01T00:00:00",
            "2024-1-1T00:00:00", "24-01-01T00:00:00", "12024-01-01T00:00:00", "2024-01-01T00:00:00.",
            "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00z", "2024-01-01T00:00:00ZZ", "2024-01-01T00:00:00+1:00",
            "2024-01-01T00:00:00+0100", "2024-01-01T00:00:00+14:01", "2024-01-01T00:00:00+15:00",
            "2024-01-01T00:00:00+01:60", "2024-01-01T00:00:00+", "2024-01-01T00:00:00 ", "2024-01-01T00:00:0é",
            "٢٠٢٤-01-01T00:00:00", "20240101T000000Z", "Thu, 29 Feb 2024 12:30:15 GMT",
        ]
    )
    func notDateTime(text: String) {
        #expect(!ScalarType.dateTime.accepts(text))
    }

    /// A type, a text, and the JSON that stands for it.
    static let jsonCases: [(ScalarType, String, String)] = [
        (.boolean, "true", "true"), (.boolean, "1", "true"), (.boolean, "false", "false"), (.boolean, "0", "false"),
        (.int, "5", "5"), (.int, "-5", "-5"), (.int, "+1", "1"), (.int, "007", "7"), (.int, "-007", "-7"),
        (.int, "000", "0"), (.int, "-0", "-0"),
        (.long, "9223372036854775807", "9223372036854775807"),
        (.unsignedLong, "18446744073709551615", "18446744073709551615"),
        (.decimal, "123456789012345678901234567890.1234567890", "123456789012345678901234567890.1234567890"),
        (.decimal, "1.50", "1.50"), (.decimal, ".5", "0.5"), (.decimal, "5.", "5"), (.decimal, "-.50", "-0.50"),
        (.decimal, "+007.0", "7.0"),
        (.double, "1e5", "1e5"), (.double, "1.5E+10", "1.5E+10"), (.double, "5.e-3", "5e-3"), (.double, "1e05", "1e05"),
        (.double, "0.1", "0.1"), (.float, ".5e1", "0.5e1"),
        (.double, "INF", "\"INF\""), (.double, "-INF", "\"-INF\""), (.float, "NaN", "\"NaN\""),
        (.string, "5", "\"5\""), (.string, "a\"b", "\"a\\\"b\""), (.string, "", "\"\""),
        (.dateTime, "2024-02-29T12:30:15", "\"2024-02-29T12:30:15\""),
        (.base64Binary, "AA==", "\"AA==\""), (.anyURI, "http://e/", "\"http://e/\""),
        (.guid, "01234567-89ab-cdef-0123-456789abcdef", "\"01234567-89ab-cdef-0123-456789abcdef\""),
        (.duration, "PT1H", "\"PT1H\""),
        (.char, "65", "\"A\""), (.char, "8364", "\"€\""), (.char, "34", "\"\\\"\""), (.char, "10", "\"\\n\""),
        (.char, "0", "\"0\""), (.char, "55296", "\"55296\""),
    ]

    @Test("In JSON numbers keep every digit, the rest are strings", arguments: ScalarTypeTests.jsonCases)
    func json(type: ScalarType, text: String, expected: String) throws {
        #expect(type.accepts(text))
        #expect(type.json(text).text == expected)
        let document = Data("[\(expected)]".utf8)
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: document) }
    }

    @Test("Everything that is accepted becomes JSON", arguments: ScalarTypeTests.cases)
    func alwaysJSON(_ type: Case) {
        for text in type.accepted {
            let document = Data("[\(type.type.json(text).text)]".utf8)
            #expect(throws: Never.self, "'\(text)'") { try JSONSerialization.jsonObject(with: document) }
        }
    }

    /// What .NET's types have room for, and what they have not.
    static let ranges: [(ScalarType, readable: [String], unreadable: [String])] = [
        (
            .double, ["0", "1.7976931348623157E308", "-1e308", "1e-400", "INF", "-INF", "NaN", ".5", "5.", "+7"],
            ["1e309", "-1E+400", "1e99999999999999999999", "1" + String(repeating: "0", count: 400)]
        ),
        (.float, ["3.4028234e38", "-1e38", "1e-60", "INF", "NaN"], ["1e39", "-3.5e38"]),
        (
            .decimal,
            [
                "0", "79228162514264337593543950335", "-79228162514264337593543950335",
                "+0079228162514264337593543950335",
                "79228162514264337593543950335.4", "0." + String(repeating: "9", count: 60), ".5", "5.",
                "9999999999999999999999999999.9",
            ],
            [
                "79228162514264337593543950336", "-79228162514264337593543950336", "79228162514264337593543950335.5",
                String(repeating: "1", count: 60), "100000000000000000000000000000",
            ]
        ),
        (
            .duration,
            [
                "P1D", "PT0S", "-P10675198D", "P29247Y", "PT256204778H", "-P10675199DT2H48M5.4775808S",
                "P1Y2M3DT4H5M6.7S", "PT0.99999999999999S",
            ],
            ["P10675200D", "P99999Y", "-P4000000000D", "PT99999999999999999999S", "P2147483647Y"]
        ),
        (.unsignedLong, ["18446744073709551615"], []), (.string, ["1e400"], []),
    ]

    @Test("What clients of .NET cannot read is known", arguments: ScalarTypeTests.ranges)
    func readability(type: ScalarType, readable: [String], unreadable: [String]) {
        for text in readable + unreadable { #expect(type.accepts(text), "\(text)") }
        for text in readable { #expect(type.isReadable(text), "\(text)") }
        for text in unreadable { #expect(!type.isReadable(text), "\(text)") }
    }

    @Test(
        "Every date and time of XML Schema is one",
        arguments: [
            "2024-02-29T12:30:15", "2024-02-29T12:30:15.1234567890Z", "2024-02-29T24:00:00", "2024-02-29",
            "2024-02-29Z",
            "2024-02-29+14:00", "-0044-03-15", "12024-01-01T00:00:00-05:30", "0000-01-01", "12:30:15", "12:30:15.5Z",
            "24:00:00", "2024-02", "2024", "-2024Z", "--02-29", "---31", "--12", "--12Z", "0001-01-01T00:00:00",
        ]
    )
    func dates(text: String) {
        #expect(ScalarType.isDateOrTime(text))
    }

    @Test(
        "What is no date and no time is none",
        arguments: [
            "", "yesterday", "2023-02-29", "2023-02-29T12:00:00", "2024-13-01", "2024-00", "24-01-01", "2024-1-1",
            "2024-01-01T", "2024-01-01 00:00:00", "T12:00:00", "12:00", "25:00:00", "24:00:01", "12:60:00", "---32",
            "--02-30", "--13", "2024-01-01+15:00", "2024-01-01T12:00:00+1:00", "1/2/2024", "2024-01-01T12", "::", "Z",
            "2024-W01", " 2024",
        ]
    )
    func noDates(text: String) {
        #expect(!ScalarType.isDateOrTime(text))
    }
}
