import Foundation
import StoreContracts
import WebhookModel

/// The webhook and the event of the measured operations.
enum Sample {
    static let associate = Associate(associateID: 5, name: "TJE", fullName: "Terje Hansen", userName: "tje0")

    static var webhook: Webhook {
        var webhook = Webhook()
        webhook.id = 1
        webhook.name = "Sync"
        webhook.events = ["contact.created", "contact.changed", "sale.created"]
        webhook.targetURL = "http://127.0.0.1:9000/hook"
        webhook.secret = "a secret of the receiver"
        webhook.state = .active
        webhook.type = Webhook.deliverableType
        webhook.headers = StringDictionary([
            .init(key: "X-Department", value: "Oslo"), .init(key: "X-Purpose", value: "synchronisation"),
        ])
        webhook.properties = ObjectDictionary([("department", .string("Salg & støtte"))])
        webhook.registered = time
        webhook.registeredBy = associate
        webhook.updated = time
        webhook.updatedBy = associate
        return webhook
    }

    static var event: Event {
        let id = UUID()
        let head = EventBody.head(
            eventID: id,
            time: time,
            changes: ["name", "contactId", "isOwner", "updated", "turnover"],
            event: "contact.created",
            primaryKey: 4711,
            tenant: "Default",
            changedBy: associate.associateID
        )
        let tail = EventBody.tail(fieldValues: nil)
        return Event(id: id, tenant: "Default", name: "contact.created", bodyHead: head, bodyTail: tail, time: time)
    }

    private static let time = Timestamp(Date(timeIntervalSince1970: 1_772_352_930))
}
