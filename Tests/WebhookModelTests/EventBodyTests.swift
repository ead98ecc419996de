import Foundation
import JSON
import TestSupport
import Testing
import WebhookModel

@Suite("Bodies of deliveries")
struct EventBodyTests {
    private func body(
        changes: [String] = [],
        event: String = "contact.changed",
        webhook: Webhook = Webhook(),
        fieldValues: ObjectDictionary? = nil
    ) -> String {
        let head = EventBody.head(
            eventID: Fixed.id,
            time: Fixed.time,
            changes: changes,
            event: event,
            primaryKey: -7,
            tenant: "Cust12345",
            changedBy: 42
        )
        let bytes = head + EventBody.suffix(of: webhook) + EventBody.tail(fieldValues: fieldValues)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let head = """
        {"EventId":"01020304-0506-4708-890a-0b0c0d0e0f10","Timestamp":"2024-02-29T12:30:15.12345Z"
        """

    private static let rest = """
        "PrimaryKey":-7,"Entity":"contact","ContextIdentifier":"Cust12345","ChangedByAssociateId":42
        """

    @Test("Event bodies have the documented members in the documented order")
    func members() {
        var webhook = Webhook()
        webhook.name = "My \"hook\""
        let expected =
            Self.head + ",\"Changes\":[\"name\",\"a\\\"b\",\"name2\"],\"Event\":\"contact.changed\"," + Self.rest
        #expect(
            body(changes: ["name", "a\"b", "name2"], webhook: webhook)
                == expected + ",\"WebhookName\":\"My \\\"hook\\\"\"}"
        )
    }

    @Test("A webhook without a name has null for it")
    func noName() {
        let expected =
            Self.head + ",\"Changes\":[],\"Event\":\"contact.changed\"," + Self.rest + ",\"WebhookName\":null}"
        #expect(body() == expected)
    }

    @Test("An event without a name has an empty entity")
    func noEvent() {
        #expect(body(event: "").contains("\"Event\":\"\",\"PrimaryKey\":-7,\"Entity\":\"\","))
    }

    @Test("Properties follow, each a member of its own, in their order, with their digits")
    func properties() {
        var webhook = Webhook()
        webhook.properties = ObjectDictionary([
            ("zeta", .scalar(.decimal, text: "1.50")), ("Alpha", .string("é")), ("none", .null),
            ("nested", .dictionary(ObjectDictionary([("EventId", .ints([1, 2]))]))),
        ])
        let expected =
            ",\"WebhookName\":null,\"zeta\":1.50,\"Alpha\":\"é\",\"none\":null,\"nested\":{\"EventId\":[1,2]}}"
        #expect(body(webhook: webhook).hasSuffix(expected))
    }

    @Test(
        "A property never replaces a standard member",
        arguments: [
            "EventId", "Timestamp", "Changes", "Event", "PrimaryKey", "Entity", "ContextIdentifier",
            "ChangedByAssociateId",
            "WebhookName", "FieldValues",
        ]
    )
    func standardMembers(name: String) {
        for key in [name, name.lowercased(), name.uppercased()] {
            var webhook = Webhook()
            webhook.properties = ObjectDictionary([(key, .string("forged")), ("own", .string("x"))])
            let text = body(webhook: webhook)
            #expect(!text.contains("forged"))
            #expect(text.hasSuffix(",\"WebhookName\":null,\"own\":\"x\"}"))
        }
    }

    @Test("FieldValues stand at the end when they are sent")
    func fieldValues() {
        var webhook = Webhook()
        webhook.properties = ObjectDictionary([("own", .string("x"))])
        let values = ObjectDictionary([("b", .scalar(.int, text: "1")), ("a", .null)])
        #expect(
            body(webhook: webhook, fieldValues: values).hasSuffix("\"own\":\"x\",\"FieldValues\":{\"b\":1,\"a\":null}}")
        )
        #expect(body(fieldValues: ObjectDictionary()).hasSuffix(",\"WebhookName\":null,\"FieldValues\":{}}"))
    }

    @Test("Any text makes a body that is JSON")
    func isJSON() throws {
        let hostile = "\"\\\u{0}\n\r\u{2028}😀</script>"
        var webhook = Webhook()
        webhook.name = hostile
        webhook.properties = ObjectDictionary([(hostile, .string(hostile))])
        let text = body(changes: [hostile], event: hostile + ".x", webhook: webhook)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let members = try #require(object as? [String: Any])
        #expect(members["WebhookName"] as? String == hostile)
        #expect(members["Entity"] as? String == hostile)
        #expect(members["Changes"] as? [String] == [hostile])
        #expect(members[hostile] as? String == hostile)
    }

    @Test(
        "Every text of an event's head stands in it byte for byte",
        arguments: ["", "a.b", ".", "é.e\u{301}", "\u{301}.x", "\"\\\n\u{1}.😀", String(repeating: "日本.", count: 200)]
    )
    func texts(text: String) throws {
        let head = EventBody.head(
            eventID: Fixed.id,
            time: Fixed.time,
            changes: [text, text],
            event: text,
            primaryKey: .min,
            tenant: text,
            changedBy: .max
        )
        let json = try JSONReader().read(head + EventBody.tail(fieldValues: nil))
        func isSame(_ value: JSONValue?, _ expected: String) -> Bool {
            guard case .string(let found) = value else { return false }
            return Array(found.utf8) == Array(expected.utf8)
        }
        guard case .array(let changes) = json["Changes"] else {
            Issue.record("Changes is no array")
            return
        }
        #expect(changes.count == 2 && isSame(changes[0], text) && isSame(changes[1], text))
        #expect(isSame(json["Event"], text))
        #expect(isSame(json["Entity"], EventName.entity(of: text)))
        #expect(isSame(json["ContextIdentifier"], text))
        #expect(json["PrimaryKey"] == .number("-2147483648"))
        #expect(json["ChangedByAssociateId"] == .number("2147483647"))
    }
}
