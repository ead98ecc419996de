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
        var json: [UInt8] = []
        json.reserveCapacity(320 + 2 * event.utf8.count + changes.reduce(tenant.utf8.count) { $0 + $1.utf8.count + 3 })
        json.append(contentsOf: "{\"EventId\":\"".utf8)
        append(eventID, to: &json)
        json.append(contentsOf: "\",\"Timestamp\":\"".utf8)
        time.append(to: &json)
        json.append(contentsOf: "\",\"Changes\":[".utf8)
        for (index, change) in changes.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            JSONText.append(change, to: &json)
        }
        json.append(contentsOf: "],\"Event\":".utf8)
        JSONText.append(event, to: &json)
        json.append(contentsOf: ",\"PrimaryKey\":".utf8)
        json.append(contentsOf: String(primaryKey).utf8)
        json.append(contentsOf: ",\"Entity\":".utf8)
        JSONText.append(EventName.entity(of: event), to: &json)
        json.append(contentsOf: ",\"ContextIdentifier\":".utf8)
        JSONText.append(tenant, to: &json)
        json.append(contentsOf: ",\"ChangedByAssociateId\":".utf8)
        json.append(contentsOf: String(associateID).utf8)
        return json
    }

    /// Appends an id in lower case.
    private static func append(_ id: UUID, to text: inout [UInt8]) {
        withUnsafeBytes(of: id.uuid) { bytes in
            for (index, byte) in bytes.enumerated() {
                if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
                Hexadecimal.append(byte, to: &text)
            }
        }
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
        guard let fieldValues else { return end }
        var json = Array(",\"FieldValues\":".utf8)
        JSONValue(fieldValues).write(to: &json)
        return json + end
    }

    private static let end = [UInt8(ascii: "}")]
}
