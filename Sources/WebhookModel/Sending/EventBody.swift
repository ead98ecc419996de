package import FoundationEssentials
import JSON
import Text

/// The JSON that a target gets, in the documented order of members (docs/contract.md#section-7), in three parts: the
/// head and the tail belong to the event, what stands between them to the webhook.
///
/// Each part is text, since none of them is a whole JSON value: a body is made of them without a look into any.
package enum EventBody {
    /// Members that a property never replaces, in any case, since receivers may read names so.
    private static let standardMembers = Set(
        [
            "EventId", "Timestamp", "Changes", "Event", "PrimaryKey", "Entity", "ContextIdentifier",
            "ChangedByAssociateId", "WebhookName", "FieldValues",
        ].map(CaseInsensitiveName.init)
    )

    /// From the opening brace up to `ChangedByAssociateId`.
    package static func head(
        eventID: UUID,
        time: Timestamp,
        changes: [String],
        event: String,
        primaryKey: Int32,
        tenant: String,
        changedBy associateID: Int32
    ) -> [UInt8] {
        var json = "{\"EventId\":\"" + eventID.uuidString.lowercased()
        json += "\",\"Timestamp\":\"" + time.description
        json += "\",\"Changes\":[" + changes.map(JSONText.string).joined(separator: ",")
        json += "],\"Event\":" + JSONText.string(event)
        json += ",\"PrimaryKey\":" + String(primaryKey)
        json += ",\"Entity\":" + JSONText.string(EventName.entity(of: event))
        json += ",\"ContextIdentifier\":" + JSONText.string(tenant)
        json += ",\"ChangedByAssociateId\":" + String(associateID)
        return Array(json.utf8)
    }

    /// `WebhookName` and the webhook's properties.
    package static func suffix(of webhook: Webhook) -> [UInt8] {
        var json = ",\"WebhookName\":" + (webhook.name.map(JSONText.string) ?? "null")
        for property in webhook.properties?.entries ?? []
        where !property.key.isEmpty && !standardMembers.contains(CaseInsensitiveName(property.key)) {
            json += "," + JSONText.string(property.key) + ":" + property.value.jsonText
        }
        return Array(json.utf8)
    }

    /// The closing brace; before it `FieldValues`, for installations that send the values along.
    package static func tail(fieldValues: ObjectDictionary?) -> [UInt8] {
        Array((fieldValues.map { ",\"FieldValues\":" + $0.jsonText } ?? "").utf8) + [UInt8(ascii: "}")]
    }
}
