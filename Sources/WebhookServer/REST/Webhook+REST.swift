import AgentCore

/// How carriers are shown over REST: the members of the documentation's table, in its order (contract, section 8).
extension Webhook {
    /// - Parameter links: The URL of all webhooks, which the webhook's own begins with; nil for no `_Links`.
    func restValue(times: RESTTimes, links: String? = nil) -> RESTValue {
        var members: [(name: StaticString, value: RESTValue)] = [
            ("WebhookId", .number(Int(id))),
            ("Name", name.restValue),
            ("Events", events.map(RESTValue.texts) ?? .null),
            ("TargetUrl", targetURL.restValue),
            ("Secret", secret.restValue),
            ("State", .text(state.name)),
            ("Type", type.restValue),
            ("Headers", headers.map(RESTValue.headers) ?? .null),
            ("Properties", properties.map(RESTValue.properties) ?? .null),
            ("Registered", .text(times.text(registered))),
            ("RegisteredAssociate", registeredBy?.restValue ?? .null),
            ("Updated", .text(times.text(updated))),
            ("UpdatedAssociate", updatedBy?.restValue ?? .null),
        ]
        members += extras.restMembers + usage.restMembers
        if let links {
            members.append(("_Links", .object([("Self", .text("\(links)/\(id)")), ("Archive", .text(links))])))
        }
        return .object(members)
    }
}

extension Associate {
    fileprivate var restValue: RESTValue {
        .object([
            ("AssociateId", .number(Int(associateID))), ("Name", .text(name)), ("PersonId", .number(Int(personID))),
            ("Rank", .number(Int(rank))), ("Tooltip", .text(tooltip)), ("Type", .text(type.rawValue)),
            ("GroupIdx", .number(Int(groupIndex))), ("FullName", .text(fullName)), ("FormalName", .text(formalName)),
            ("Deleted", .flag(deleted)), ("EjUserId", .number(Int(ejUserID))), ("UserName", .text(userName)),
            ("TableRight", .null), ("FieldProperties", .null),
        ])
    }
}

extension WebhookUsage {
    fileprivate var restMembers: [(name: StaticString, value: RESTValue)] {
        [
            ("TotalCalls", .number(totalCalls)), ("TotalErrors", .number(totalErrors)),
            ("ConsecutiveErrors", .number(consecutiveErrors)), ("LastError", lastError.restValue),
        ]
    }
}

extension WebhookTestResult {
    var restValue: RESTValue {
        .object([
            ("Success", .flag(success)), ("Message", .text(message)), ("TableRight", .null), ("FieldProperties", .null),
        ])
    }
}

extension String? {
    var restValue: RESTValue { map(RESTValue.text) ?? .null }
}
