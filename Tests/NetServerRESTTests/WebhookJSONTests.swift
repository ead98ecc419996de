import HTTPTypes
import JSON
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@testable import AgentCore
@testable import NetServerREST

/// How webhooks are read from JSON (docs/contract.md#section-3 and docs/contract.md#section-8).
@Suite("Webhook from JSON")
struct WebhookJSONTests {
    static func webhook(_ json: String) throws -> Webhook {
        try Webhook(parsedJSON(json))
    }

    /// What is stored of a property that is new.
    static func stored(_ json: String, over stored: TypedValue? = nil) throws -> TypedValue? {
        let properties = try webhook(#"{"Properties": {"p": \#(json)}}"#).properties
        return properties?.adoptingTypes(of: stored.map { ObjectDictionary([("p", $0)]) }).entries.first?.value
    }

    /// Why it cannot be read; nil when it can.
    static func refusal(_ json: String) throws -> String? {
        let node = try parsedJSON(json)
        do throws(RESTError) {
            _ = try Webhook(node)
            return nil
        } catch {
            #expect(error.status == .badRequest)
            #expect(error.error.kind == .invalidArgument)
            return error.error.message
        }
    }

    @Test("Every member is read, in any case; what is absent or null is nil")
    func members() throws {
        var expected = Webhook()
        #expect(try Self.webhook("{}") == expected)
        #expect(
            try Self.webhook(
                """
                {"Name": null, "Events": null, "TargetUrl": null, "Secret": null, "State": null, "Type": null, \
                "Headers": null, "Properties": null}
                """
            ) == expected
        )
        expected.name = "n"
        expected.events = ["a.b", nil]
        expected.targetURL = "t"
        expected.secret = "s"
        expected.state = .stopped
        expected.type = "y"
        expected.headers = StringDictionary([.init(key: "X-A", value: "1"), .init(key: "x-a", value: nil)])
        expected.properties = ObjectDictionary()
        #expect(
            try Self.webhook(
                """
                {"webhookid": 5, "NAME": "n", "events": ["a.b", null], "targeturl": "t", "sEcReT": "s", \
                "state": "Stopped", "type": "y", "headers": {"X-A": "1", "x-a": null}, "properties": {}}
                """
            ) == expected
        )
    }

    @Test("What is not known, and what the server sets, is not looked at")
    func ignored() throws {
        let webhook = try Self.webhook(
            """
            {"WebhookId": {}, "Name": "n", "Nonsense": {"Name": "m"}, "_Links": 5, "Registered": "yesterday", \
            "Updated": [], "RegisteredAssociate": "me", "UpdatedAssociate": {"AssociateId": "x"}, "": 1}
            """
        )
        var expected = Webhook()
        expected.name = "n"
        #expect(webhook == expected)
    }

    @Test("Events are an array, of one too")
    func singleEvent() throws {
        #expect(try Self.webhook(#"{"Events": ["sale.created"]}"#).events == ["sale.created"])
        #expect(throws: RESTError.self) { try Self.webhook(#"{"Events": "sale.created"}"#) }
        #expect(try Self.webhook(#"{"Events": []}"#).events == [])
    }

    @Test("What a form says has no type, and takes the stored value's where it is the same text")
    func form() throws {
        let node = try FormBody(Array("Events=a.b&Properties[n]=7&Properties[t]=x".utf8)).object()
        let webhook = try Webhook(node, isForm: true)
        #expect(webhook.events == ["a.b"])
        let stored = ObjectDictionary([("n", .scalar(.short, text: "7")), ("t", .scalar(.guid, text: "y"))])
        let properties = try #require(webhook.properties).adoptingTypes(of: stored)
        #expect(properties == ObjectDictionary([("n", .scalar(.short, text: "7")), ("t", .string("x"))]))
    }

    static let states: [(json: String, state: WebhookState)] = [
        (#""Active""#, .active), (#""active""#, .active), (#""STOPPED""#, .stopped),
        (#""tooManyErrors""#, .tooManyErrors),
        (#""Unknown""#, .unknown), ("0", .unknown), ("1", .active), ("2", .stopped), ("3", .tooManyErrors),
        (#""1""#, .active), (#""3""#, .tooManyErrors), ("null", .unknown),
    ]

    @Test("A state is its name in any case, its number, or its number as text", arguments: states)
    func state(json: String, state: WebhookState) throws {
        #expect(try Self.webhook(#"{"State": \#(json)}"#).state == state)
    }

    static let wrong: [(json: String, naming: String)] = [
        (#"{"Name": 5}"#, "Name must be text"), (#"{"Name": true}"#, "Name must be text"),
        (#"{"Name": ["a"]}"#, "Name must be text"), (#"{"name": {}}"#, "Name must be text"),
        (#"{"TargetUrl": 1.5}"#, "TargetUrl must be text"), (#"{"Secret": false}"#, "Secret must be text"),
        (#"{"Type": []}"#, "Type must be text"),
        (#"{"Events": 5}"#, "Events must be"), (#"{"Events": {"0": "a"}}"#, "Events must be"),
        (#"{"Events": "a.b"}"#, "Events must be"),
        (#"{"Events": ["a", 5]}"#, "Events[1] must be text"), (#"{"Events": [["a"]]}"#, "Events[0] must be text"),
        (#"{"State": "Paused"}"#, "State must be one of"), (#"{"State": 4}"#, "State must be one of"),
        (#"{"State": -1}"#, "State must be one of"), (#"{"State": 1.5}"#, "State must be one of"),
        (#"{"State": true}"#, "State must be one of"), (#"{"State": [1]}"#, "State must be one of"),
        (#"{"State": "4"}"#, "State must be one of"), (#"{"State": 99999999999}"#, "State must be one of"),
        (#"{"Headers": "X-A: 1"}"#, "Headers must be an object"), (#"{"Headers": []}"#, "Headers must be an object"),
        (#"{"Headers": {"X-A": 5}}"#, "Headers.X-A must be text"),
        (#"{"Headers": {"X-A": ["a"]}}"#, "Headers.X-A must be text"),
        (#"{"Properties": ["a"]}"#, "Properties must be an object"),
        (#"{"Properties": 5}"#, "Properties must be an object"),
    ]

    @Test("What has another type is refused with its place", arguments: wrong)
    func wrongTypes(json: String, naming: String) throws {
        let refusal = try #require(try Self.refusal(json), "It was read.")
        #expect(refusal.contains(naming))
    }

    @Test("What is no object is no webhook", arguments: ["[]", "5", #""text""#, "true", "null"])
    func noObject(json: String) throws {
        #expect(try Self.refusal(json) != nil)
    }

    static let typed: [(json: String, value: TypedValue)] = [
        ("null", .null), ("true", .scalar(.boolean, text: "true")), ("false", .scalar(.boolean, text: "false")),
        (#""text""#, .string("text")), (#""""#, .string("")), (#""5""#, .string("5")),
        // By size.
        ("0", .scalar(.int, text: "0")), ("-5", .scalar(.int, text: "-5")),
        ("2147483647", .scalar(.int, text: "2147483647")), ("-2147483648", .scalar(.int, text: "-2147483648")),
        ("2147483648", .scalar(.long, text: "2147483648")), ("-2147483649", .scalar(.long, text: "-2147483649")),
        ("9223372036854775807", .scalar(.long, text: "9223372036854775807")),
        ("-9223372036854775808", .scalar(.long, text: "-9223372036854775808")),
        ("9223372036854775808", .scalar(.decimal, text: "9223372036854775808")),
        ("123456789012345678901234567890", .scalar(.decimal, text: "123456789012345678901234567890")),
        // A double where its digits survive in one.
        ("0.25", .scalar(.double, text: "0.25")), ("-1.5", .scalar(.double, text: "-1.5")),
        ("1.10", .scalar(.double, text: "1.10")), ("1.0", .scalar(.double, text: "1.0")),
        ("1e3", .scalar(.double, text: "1e3")), ("1.5E-7", .scalar(.double, text: "1.5E-7")),
        ("0.000000000000000000001", .scalar(.double, text: "0.000000000000000000001")),
        ("1234567890.123456789", .scalar(.decimal, text: "1234567890.123456789")),
        ("0.12345678901234567890", .scalar(.decimal, text: "0.12345678901234567890")),
        ("1.2345678901234567890e5", .scalar(.double, text: "1.2345678901234567890e5")),
        ("1e400", .scalar(.double, text: "1e400")),
        // Arrays.
        ("[]", .strings([])), (#"["a"]"#, .strings(["a"])), (#"["a", null, ""]"#, .strings(["a", nil, ""])),
        ("[null]", .strings([nil])), ("[1, -2]", .ints([1, -2])), ("[2147483647]", .ints([.max])),
        ("[1, 2147483648]", .json("[1,2147483648]")), ("[1, 1.5]", .json("[1,1.5]")), ("[1, null]", .json("[1,null]")),
        (#"[1, "a"]"#, .json(#"[1,"a"]"#)), ("[true]", .json("[true]")), ("[[]]", .json("[[]]")),
        (#"[{"b": 12345678901234567890.10}, null]"#, .json(#"[{"b":12345678901234567890.10},null]"#)),
        // Objects.
        ("{}", .dictionary(ObjectDictionary())),
        (
            #"{"a": 1, "b": {"c": [null], "a": "x"}}"#,
            .dictionary(
                ObjectDictionary([
                    ("a", .scalar(.int, text: "1")),
                    ("b", .dictionary(ObjectDictionary([("c", .strings([nil])), ("a", .string("x"))]))),
                ])
            )
        ),
    ]

    @Test("A property's type follows from its JSON, and its digits stay", arguments: typed)
    func typedValues(json: String, value: TypedValue) throws {
        #expect(try Self.stored(json) == value)
        #expect(try value.jsonText == parsedJSON(json).text)
    }

    @Test("Names of properties keep their case and their order; of the very same the last value counts")
    func names() throws {
        let properties = try #require(try Self.webhook(#"{"Properties": {"b": 1, "B": 2, "a": 3, "b": 4}}"#).properties)
        #expect(properties.jsonText == #"{"b":4,"B":2,"a":3}"#)
    }

    private static let texts: KeyValuePairs<ScalarType, [String]> = [
        .boolean: ["1", "0", "true"], .byte: ["-5"], .unsignedByte: ["200"], .short: ["7", "+7", "007"],
        .unsignedShort: ["60000"], .int: ["7", "-0"], .unsignedInt: ["4000000000"], .long: ["1", "9007199254740993"],
        .unsignedLong: ["18446744073709551615"], .float: ["1.5", "INF", "NaN"], .double: ["1", "1e3", ".5", "-INF"],
        .decimal: ["1.10", "1", "12345678901234567890.10"], .dateTime: ["2024-02-29T12:30:15", "2024-02-29T12:30:15Z"],
        .base64Binary: ["AAEC/w=="], .anyURI: ["http://example.com/"], .char: ["65"], .duration: ["P1D"],
        .guid: ["1F2A3B4C-5D6E-7F80-9192-A3B4C5D6E7F8"], .string: ["", "5", "true"],
    ]

    static let kept: [TypedValue] =
        texts.flatMap { type, texts in texts.map { TypedValue.scalar(type, text: $0) } } + [
            .null, .qualifiedName(prefix: "x", namespace: "urn:x", localName: "n"),
            .qualifiedName(prefix: "", namespace: "", localName: "n"), .ints([]), .ints([1]), .strings([]),
            .strings(["a", nil]), .json(#"[1,"a"]"#),
        ]

    @Test("What comes back as the JSON that was shown keeps its type, at the top and further down", arguments: kept)
    func keeps(value: TypedValue) throws {
        #expect(try Self.stored(value.jsonText, over: value) == value)
        let outer = TypedValue.dictionary(ObjectDictionary([("inner", value), ("new", .string("x"))]))
        #expect(try Self.stored(outer.jsonText, over: outer) == outer)
    }

    static let changed: [(stored: TypedValue, json: String, value: TypedValue)] = [
        // The same number in another form is no change.
        (.scalar(.decimal, text: "1.10"), "1.1", .scalar(.decimal, text: "1.10")),
        (.scalar(.short, text: "7"), "7.0", .scalar(.short, text: "7")),
        // Another one has the type that its JSON has.
        (.scalar(.short, text: "7"), "8", .scalar(.int, text: "8")),
        (.scalar(.decimal, text: "1.10"), "1.11", .scalar(.double, text: "1.11")),
        (
            .scalar(.decimal, text: "12345678901234567890.10"), "12345678901234567890.11",
            .scalar(.decimal, text: "12345678901234567890.11")
        ),
        (.scalar(.double, text: "1e200"), "1e300", .scalar(.double, text: "1e300")),
        (.scalar(.short, text: "7"), #""7""#, .string("7")),
        (.scalar(.boolean, text: "1"), "1", .scalar(.int, text: "1")),
        (.scalar(.boolean, text: "1"), "false", .scalar(.boolean, text: "false")),
        (.scalar(.dateTime, text: "2024-02-29T12:30:15"), #""2024-02-29T12:30:16""#, .string("2024-02-29T12:30:16")),
        (.string("1"), "1", .scalar(.int, text: "1")), (.string("x"), "null", .null),
        (
            .scalar(.guid, text: "1F2A3B4C-5D6E-7F80-9192-A3B4C5D6E7F8"), #""1f2a3b4c-5d6e-7f80-9192-a3b4c5d6e7f8""#,
            .string("1f2a3b4c-5d6e-7f80-9192-a3b4c5d6e7f8")
        ),
        // Composed and decomposed are two texts.
        (.scalar(.anyURI, text: "caf\u{E9}"), "\"cafe\u{301}\"", .string("cafe\u{301}")),
    ]

    @Test("What comes back changed has the type of its JSON", arguments: changed)
    func changes(stored: TypedValue, json: String, value: TypedValue) throws {
        let now = try #require(try Self.stored(json, over: stored))
        #expect(now == value)
        // Swift's own comparison takes é for e and an accent.
        #expect(now.jsonText.utf8.elementsEqual(value.jsonText.utf8))
    }
}
