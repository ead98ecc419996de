import AgentCore
import SOAP
import Testing
import WebhookModel
import XML

@testable import NetServerSOAP

@Suite("Calls of Webhook.svc")
struct WebhookCallTests {
    private static let number = ServiceNumber.services87

    private static func call(_ operation: WebhookOperation, _ arguments: String) throws -> WebhookCall {
        let text = "<\(operation.rawValue) xmlns=\"\(number.namespace)\">\(arguments)</\(operation.rawValue)>"
        let document = try XMLDocument(parsing: Array(text.utf8))
        return try WebhookCall(operation, document.root, number: number)
    }

    @Test("Arguments that are left out are null, 0 or no filter")
    func absent() throws {
        for operation in WebhookOperation.allCases {
            switch try Self.call(operation, "") {
            case .createDefaultWebhook: #expect(operation == .createDefaultWebhook)
            case .saveWebhook(let webhook): #expect(operation == .saveWebhook && webhook == nil)
            case .getWebhook(let id): #expect(operation == .getWebhook && id == 0)
            case .getAllWebhooks(let filter):
                #expect(operation == .getAllWebhooks && filter == WebhookFilter(name: nil, event: nil, state: .unknown))
            case .deleteWebhook(let id): #expect(operation == .deleteWebhook && id == 0)
            case .testWebhook(let webhook): #expect(operation == .testWebhook && webhook == nil)
            case .signalEvent(let name, let primaryKey, let data):
                #expect(operation == .signalEvent && name == nil && primaryKey == 0 && data == nil)
            case .getLastError(let id): #expect(operation == .getLastError && id == 0)
            }
        }
    }

    @Test("SignalEvent has the event's name, its key and its data")
    func signal() throws {
        let call = try Self.call(
            .signalEvent,
            """
            <EventName>contact.created</EventName><PrimaryKey>-7</PrimaryKey>
            <Data><StringObjectKeyValuePair><Key>a</Key><Value>b</Value></StringObjectKeyValuePair></Data>
            """
        )
        guard case .signalEvent(let name, let primaryKey, let data) = call else {
            Issue.record("SignalEvent is read as \(call)")
            return
        }
        #expect(name == "contact.created" && primaryKey == -7)
        #expect(data == ObjectDictionary([("a", .untyped(text: "b"))]))
    }

    @Test(
        "An argument that is not of its type is a fault",
        arguments: [
            (WebhookOperation.getWebhook, "<WebhookId>x</WebhookId>"),
            (.deleteWebhook, "<WebhookId>2147483648</WebhookId>"),
            (.getLastError, "<WebhookId>1.5</WebhookId>"),
            (.getAllWebhooks, "<StatusFilter>Sleeping</StatusFilter>"),
            (.signalEvent, "<PrimaryKey>one</PrimaryKey>"),
            (.saveWebhook, "<Webhook><State>9</State></Webhook>"),
            (.testWebhook, "<Webhook><WebhookId>x</WebhookId></Webhook>"),
        ]
    )
    func wrong(operation: WebhookOperation, arguments: String) {
        #expect(throws: SOAPFault.self) { try Self.call(operation, arguments) }
    }

    @Test("Answers and namespaces are named after their operations and numbers")
    func names() {
        for operation in WebhookOperation.allCases {
            #expect(operation.responseElement == operation.rawValue + "Response")
        }
        for number in ServiceNumber.allCases {
            #expect(number.namespace == "http://www.superoffice.net/ws/crm/NetServer/" + number.name)
        }
    }
}
