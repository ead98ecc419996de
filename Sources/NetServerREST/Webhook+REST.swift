import AgentCore
import JSON
import WebhookModel

/// How carriers are shown over REST: the members of the documentation's table, in its order (contract, section 8).
extension Webhook {
    /// What an answer shows of the webhook.
    ///
    /// - Parameter links: The URL of all webhooks, which the webhook's own begins with; nil for no `_Links`.
    func content(times: RESTTimes, links: String? = nil) -> RESTContent {
        var members: JSONObject = [
            "WebhookId": JSONValue(id), "Name": JSONValue(name), "Events": JSONValue(events),
            "TargetUrl": JSONValue(targetURL), "Secret": JSONValue(secret), "State": .string(state.name),
            "Type": JSONValue(type), "Headers": headers.map { JSONValue($0) } ?? .null,
            "Properties": properties.map { JSONValue($0) } ?? .null, "Registered": .string(times.text(registered)),
            "RegisteredAssociate": registeredBy?.json ?? .null, "Updated": .string(times.text(updated)),
            "UpdatedAssociate": updatedBy?.json ?? .null, "ErrorsEmail": JSONValue(extras.errorsEmail),
            "ErrorEmails": JSONValue(extras.errorEmails), "ErrorAssociates": extras.errorAssociates.json,
            "Description": JSONValue(extras.description), "NotifyVia": .string(extras.notifyVia.text),
            "NotifyWhen": .string(extras.notifyWhen.text), "TotalCalls": JSONValue(usage.totalCalls),
            "TotalErrors": JSONValue(usage.totalErrors), "ConsecutiveErrors": JSONValue(usage.consecutiveErrors),
            "LastError": JSONValue(usage.lastError),
        ]
        if let links {
            members.append(
                .object(["Self": .string("\(links)/\(id)"), "Archive": .string(links)]),
                named: "_Links"
            )
        }
        return RESTContent(json: .object(members), headers: headers, properties: properties)
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
