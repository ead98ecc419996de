import JSON
import StoreContracts
import Testing
import WebhookModel

@testable import NetServerREST

/// `$select` (docs/contract.md#section-8).
@Suite("Selection of members over REST")
struct SelectionTests {
    static let webhook = JSONValue.object([
        "WebhookId": JSONValue(5), "Name": .string("hook"), "Events": JSONValue(["a.b", nil]), "Secret": .null,
        "RegisteredAssociate": .object([
            "AssociateId": JSONValue(7), "FullName": .string("Anna Berg"), "Deleted": .bool(false),
        ]),
        "_Links": .object(["Self": .string("https://x/5"), "Archive": .string("https://x")]),
    ])

    static func selected(_ selection: Selection, of value: JSONValue) -> String {
        selection.applied(to: .value(value)).json.text
    }

    static let nobody = #""RegisteredAssociate":null,"_Links":null}"#

    static let selections: [(select: String, result: String)] = [
        ("Name", #"{"WebhookId":null,"Name":"hook","Events":null,"Secret":null,"# + nobody),
        ("name,EVENTS", #"{"WebhookId":null,"Name":"hook","Events":["a.b",null],"Secret":null,"# + nobody),
        (" name , webhookId ,", #"{"WebhookId":5,"Name":"hook","Events":null,"Secret":null,"# + nobody),
        ("name,department,category/id", #"{"WebhookId":null,"Name":"hook","Events":null,"Secret":null,"# + nobody),
        (
            "name,registeredAssociate/fullName",
            #"{"WebhookId":null,"Name":"hook","Events":null,"Secret":null,"#
                + #""RegisteredAssociate":{"AssociateId":null,"FullName":"Anna Berg","Deleted":null},"_Links":null}"#
        ),
        (
            "RegisteredAssociate/FullName,registeredassociate/associateid",
            #"{"WebhookId":null,"Name":null,"Events":null,"Secret":null,"#
                + #""RegisteredAssociate":{"AssociateId":7,"FullName":"Anna Berg","Deleted":null},"_Links":null}"#
        ),
        (
            "registeredAssociate",
            #"{"WebhookId":null,"Name":null,"Events":null,"Secret":null,"#
                + #""RegisteredAssociate":{"AssociateId":7,"FullName":"Anna Berg","Deleted":false},"_Links":null}"#
        ),
        (
            "_links/self",
            #"{"WebhookId":null,"Name":null,"Events":null,"Secret":null,"RegisteredAssociate":null,"#
                + #""_Links":{"Self":"https://x/5","Archive":null}}"#
        ),
    ]

    @Test("Members that are not named become null; the named ones stay, nested ones too", arguments: selections)
    func applied(select: String, result: String) throws {
        let selection = try #require(Selection(select))
        #expect(Self.selected(selection, of: Self.webhook) == result)
    }

    @Test("What is named as a whole stays whole, though a part of it is named as well")
    func wholeAndPart() throws {
        for select in ["_links,_links/self", "_links/self,_links", "_links/self,_LINKS,_links/archive"] {
            let selection = try #require(Selection(select))
            let json = Self.selected(selection, of: Self.webhook)
            #expect(json.contains(#""_Links":{"Self":"https://x/5","Archive":"https://x"}"#), "\(select)")
        }
    }

    @Test("Objects within properties are cut down at any depth")
    func properties() throws {
        let inner = ObjectDictionary([("X", .string("1")), ("y", .dictionary(ObjectDictionary([("z", .string("2"))])))])
        let properties = ObjectDictionary([("o", .dictionary(inner)), ("p", .string("3"))])
        let content = RESTContent.webhook([("Properties", .properties(properties))])
        for (select, properties) in [
            ("properties/o/x", #"{"o":{"X":"1","y":null},"p":null}"#),
            ("properties/o/y/z", #"{"o":{"X":null,"y":{"z":"2"}},"p":null}"#),
            ("properties/o", #"{"o":{"X":"1","y":{"z":"2"}},"p":null}"#),
            ("properties/p/q", #"{"o":null,"p":"3"}"#),
        ] {
            let selection = try #require(Selection(select))
            let selected = selection.applied(to: content)
            #expect(selected.json.text == #"{"Properties":\#(properties)}"#, "\(select)")
            guard case .webhook(let members) = selected, case .properties(let kept)? = members.first?.member else {
                Issue.record("\(select)")
                continue
            }
            #expect(kept.jsonText == properties, "\(select)")
        }
    }

    @Test("In a list every object is cut down")
    func list() throws {
        let list = JSONValue.array([Self.webhook, Self.webhook])
        let selection = try #require(Selection("webhookid"))
        let one = #"{"WebhookId":5,"Name":null,"Events":null,"Secret":null,"# + Self.nobody
        #expect(Self.selected(selection, of: list) == "[\(one),\(one)]")
    }

    @Test("Nothing named is everything", arguments: [nil, "", " ", ",", " , ,", "/", "/,/"])
    func everything(select: String?) {
        #expect(Selection(select) == nil)
    }

    @Test("What is no object stays as it is")
    func others() throws {
        let selection = try #require(Selection("name"))
        for value in [JSONValue.string("an error"), .null, JSONValue(1), .bool(true), .array([])] {
            #expect(Self.selected(selection, of: value) == value.text)
        }
    }

    @Test("A selection of any length and depth is applied", .timeLimit(.minutes(10)))
    func hostile() throws {
        let deep = Array(repeating: "a", count: 100_000).joined(separator: "/")
        let long = Array(repeating: "b", count: 100_000).joined(separator: ",")
        let selection = try #require(Selection("name,\(deep),\(long)"))
        #expect(Self.selected(selection, of: Self.webhook).contains(#""Name":"hook""#))
    }
}
