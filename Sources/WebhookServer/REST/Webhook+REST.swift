import AgentCore
import Foundation

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

extension WebhookTestResult {
    var restValue: RESTValue {
        .object([
            ("Success", .flag(success)), ("Message", .text(message)), ("TableRight", .null), ("FieldProperties", .null),
        ])
    }
}

extension String? {
    fileprivate var restValue: RESTValue { map(RESTValue.text) ?? .null }
}

/// How times are shown: in UTC, or in the zone that `SO-TimeZone` names.
struct RESTTimes: Sendable {
    private let zone: TimeZone?

    static let utc = RESTTimes()

    private init() { zone = nil }

    /// - Parameter zone: An identifier of the IANA database; nil for UTC. The initializer gives nil when there is no such
    ///   zone.
    init?(zone: String?) {
        guard let zone, !zone.isEmpty else {
            self.zone = nil
            return
        }
        guard let known = TimeZone(identifier: zone) else { return nil }
        self.zone = known
    }

    func text(_ time: Timestamp) -> String {
        guard time != .unset else { return time.description + "Z" }
        guard let zone else { return time.description }
        let seconds = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time.ticks) / 1e7))
        let local = Timestamp(ticks: time.ticks + Int64(seconds) * 10_000_000)
        let minutes = abs(seconds) / 60
        let offset = [minutes / 60, minutes % 60].map { ($0 < 10 ? "0" : "") + String($0) }.joined(separator: ":")
        return local.description.dropLast() + (seconds < 0 ? "-" : "+") + offset
    }
}
