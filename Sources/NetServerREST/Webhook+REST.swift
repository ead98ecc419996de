import AgentCore
import JSON
import WebhookModel

/// How carriers are shown over REST: the members of the documentation's table, in its order
/// (docs/contract.md#section-8).
extension Webhook {
    /// What an answer shows of the webhook.
    ///
    /// - Parameter links: The URL of all webhooks, which the webhook's own begins with; nil for no `_Links`.
    func content(times: TimestampPresentation, links: String? = nil) -> RESTContent {
        var members: [(String, RESTContent.Member)] = [
            ("WebhookId", .value(JSONValue(id))), ("Name", .value(JSONValue(name))),
            ("Events", .value(JSONValue(events))), ("TargetUrl", .value(JSONValue(targetURL))),
            ("Secret", .value(JSONValue(secret))), ("State", .value(.string(state.name))),
            ("Type", .value(JSONValue(type))), ("Headers", headers.map { .headers($0) } ?? .value(.null)),
            ("Properties", properties.map { .properties($0) } ?? .value(.null)),
            ("Registered", .value(.string(times.text(registered)))),
            ("RegisteredAssociate", .value(registeredBy?.json ?? .null)),
            ("Updated", .value(.string(times.text(updated)))), ("UpdatedAssociate", .value(updatedBy?.json ?? .null)),
            ("ErrorsEmail", .value(JSONValue(extras.errorsEmail))),
            ("ErrorEmails", .value(JSONValue(extras.errorEmails))),
            ("ErrorAssociates", .value(extras.errorAssociates.json)),
            ("Description", .value(JSONValue(extras.description))),
            ("NotifyVia", .value(.string(extras.notifyVia.text))),
            ("NotifyWhen", .value(.string(extras.notifyWhen.text))),
            ("TotalCalls", .value(JSONValue(usage.totalCalls))),
            ("TotalErrors", .value(JSONValue(usage.totalErrors))),
            ("ConsecutiveErrors", .value(JSONValue(usage.consecutiveErrors))),
            ("LastError", .value(JSONValue(usage.lastError))),
        ]
        if let links {
            members.append(
                ("_Links", .value(.object(["Self": .string("\(links)/\(id)"), "Archive": .string(links)])))
            )
        }
        return .webhook(members)
    }
}

extension Associate {
    fileprivate var json: JSONValue {
        .object([
            "AssociateId": JSONValue(associateID), "Name": .string(name), "PersonId": JSONValue(personID),
            "Rank": JSONValue(rank), "Tooltip": .string(tooltip), "Type": .string(type.rawValue),
            "GroupIdx": JSONValue(groupIndex), "FullName": .string(fullName), "FormalName": .string(formalName),
            "Deleted": .bool(deleted), "EjUserId": JSONValue(ejUserID), "UserName": .string(userName),
            "TableRight": .null, "FieldProperties": .null,
        ])
    }
}

extension WebhookTestResult {
    var json: JSONValue {
        .object([
            "Success": .bool(success), "Message": .string(message), "TableRight": .null, "FieldProperties": .null,
        ])
    }
}
