import AgentCore
import HTTPRouting
import HTTPTypes
import JSON
import NetServerSOAP
import SOAP
import WebhookModel
import XML

/// Binds each route once: reads its arguments, calls the agent, and shows the agent's answer.
extension RESTService {
    func perform(_ call: Call, _ body: RequestBody, _ caller: Caller) async throws(RESTError) -> Outcome {
        switch call.route.operation {
        case .versions, .routes, .openAPI, .describe: return describe(call.route.operation, call.match, call.target)
        case .defaultWebhook: return try defaultWebhook(call, caller)
        case .list:
            let filter = WebhookFilter(
                name: call.query["namefilter"],
                event: call.query["eventfilter"],
                state: try call.query["statusfilter"].map { text throws(RESTError) in
                    try JSONValue.string(text).state("statusFilter")
                }
            )
            return list(filter, call, caller)
        case .create:
            var webhook = try webhook(in: body)
            webhook.id = 0
            return try await save(webhook, call, caller, links: call.links)
        case .get:
            let id = try call.number("id")
            guard let stored = try await find(id, caller) else { throw Self.notFound(id) }
            return changed(stored, since: call.headers[.ifModifiedSince], call)
        case .delete:
            let id = try call.number("id")
            guard try await find(id, caller) != nil else { throw Self.notFound(id) }
            return try await delete(id, caller)
        case .replace: return try await replace(call, body, caller)
        case .patch: return try await patch(call, body, caller)
        case .test: return try await test(try optionalWebhook(in: body, named: "Webhook"), caller)
        case .lastError: return try await lastError(try call.number("id"), caller)
        case .signal:
            let data = try data(in: body, named: nil)
            return try await signal(call.text("eventName"), try call.number("primaryKey"), data, caller)
        case .agent(let operation): return try await agent(operation, call, body, caller)
        case .usages:
            let query = try UsageQuery(call.query)
            return .wholeList(
                query.list(api: call.target.api + "/v1") { ids, limit throws(AgentError) in
                    try await webhooks.usages(of: ids, limit: limit, for: caller)
                }
            )
        }
    }

    private func agent(
        _ operation: WebhookOperation,
        _ call: Call,
        _ body: RequestBody,
        _ caller: Caller
    ) async throws(RESTError) -> Outcome {
        switch operation {
        case .createDefaultWebhook: return try defaultWebhook(call, caller)
        case .saveWebhook:
            guard var webhook = try optionalWebhook(in: body, named: "Webhook") else { throw .missing("Webhook") }
            webhook.id = try id(of: body)
            return try await save(webhook, call, caller, links: nil)
        case .getWebhook:
            // Agents tell nothing to be there with null, not with an error.
            guard let webhook = try await find(try id(call, body), caller) else {
                return .document(RESTDocument(root: "Webhook", json: .null))
            }
            return show(webhook, call)
        case .getAllWebhooks:
            let filter = WebhookFilter(
                name: try field("NameFilter", in: body)?.text("NameFilter"),
                event: try field("EventFilter", in: body)?.text("EventFilter"),
                state: try field("StatusFilter", in: body)?.state("StatusFilter")
            )
            return list(filter, call, caller)
        case .deleteWebhook: return try await delete(try id(call, body), caller)
        case .testWebhook:
            guard let webhook = try optionalWebhook(in: body, named: "Webhook") else { throw .missing("Webhook") }
            return try await test(webhook, caller)
        case .signalEvent:
            let name = try field("EventName", in: body)?.text("EventName")
            let key = try number("PrimaryKey", in: body) ?? 0
            return try await signal(name, key, try data(in: body, named: "Data"), caller)
        case .getLastError: return try await lastError(try id(call, body), caller)
        }
    }

    // MARK: Agent calls

    private func defaultWebhook(_ call: Call, _ caller: Caller) throws(RESTError) -> Outcome {
        do { return show(try webhooks.createDefaultWebhook(for: caller), call) } catch { throw RESTError(error) }
    }

    private func list(_ filter: WebhookFilter, _ call: Call, _ caller: Caller) -> Outcome {
        let read: @Sendable (Int32, Int) async throws(AgentError) -> [(id: Int32, value: RESTContent)] = {
            id,
            limit throws(AgentError) in
            let page = try await webhooks.webhooks(matching: filter, after: id, limit: limit, for: caller)
            var usages: [Int32: WebhookUsage] = [:]
            for ids in Self.runs(of: page) {
                usages.merge(try await webhooks.usages(of: ids, for: caller)) { $1 }
            }
            return page.map { webhook in
                var webhook = webhook
                webhook.usage = usages[webhook.id] ?? WebhookUsage()
                return (webhook.id, webhook.content(times: call.times))
            }
        }
        return .list(RESTList(root: "ArrayOfWebhook", item: "Webhook", read: read))
    }

    /// Returns ranges that hold the webhooks' ids. Each range is so short that few ids of other webhooks lie in it, however far
    /// apart the webhooks are that pass the filter.
    private static func runs(of page: [Webhook]) -> [ClosedRange<Int32>] {
        page.reduce(into: []) { runs, webhook in
            if let run = runs.last, webhook.id - run.lowerBound < 512 {
                runs[runs.count - 1] = run.lowerBound...webhook.id
            } else {
                runs.append(webhook.id...webhook.id)
            }
        }
    }

    private func save(
        _ webhook: Webhook,
        _ call: Call,
        _ caller: Caller,
        links: String?
    ) async throws(RESTError) -> Outcome {
        do {
            let saved = try await webhooks.saveWebhook(webhook, by: caller)
            return show(try await counted(saved, caller), call, links: links)
        } catch {
            throw RESTError(error)
        }
    }

    func find(_ id: Int32, _ caller: Caller) async throws(RESTError) -> Webhook? {
        try await mappingAgentErrors { () throws(AgentError) in
            guard let webhook = try await webhooks.webhook(id: id, for: caller) else { return nil }
            return try await counted(webhook, caller)
        }
    }

    /// Returns the webhook with its counters, which the store keeps apart because they change often.
    func counted(_ webhook: Webhook, _ caller: Caller) async throws(AgentError) -> Webhook {
        var webhook = webhook
        let id = webhook.id
        webhook.usage = try await webhooks.usages(of: id...id, for: caller)[id] ?? WebhookUsage()
        return webhook
    }

    private func delete(_ id: Int32, _ caller: Caller) async throws(RESTError) -> Outcome {
        try await mappingAgentErrors { () throws(AgentError) in
            try await webhooks.deleteWebhook(id: id, for: caller)
        }
        return .nothing
    }

    private func test(_ webhook: Webhook?, _ caller: Caller) async throws(RESTError) -> Outcome {
        let result = try await mappingAgentErrors { () throws(AgentError) in
            try await webhooks.testWebhook(webhook, by: caller)
        }
        return .document(RESTDocument(root: "WebhookResult", json: result.json))
    }

    private func lastError(_ id: Int32, _ caller: Caller) async throws(RESTError) -> Outcome {
        let text = try await mappingAgentErrors { () throws(AgentError) in
            try await webhooks.lastError(id: id, for: caller)
        }
        return .document(RESTDocument(root: "string", json: .string(text)))
    }

    private func signal(
        _ name: String?,
        _ key: Int32,
        _ data: ObjectDictionary?,
        _ caller: Caller
    ) async throws(RESTError) -> Outcome {
        try await mappingAgentErrors { () throws(AgentError) in
            try await webhooks.signalEvent(name: name, primaryKey: key, data: data, by: caller)
        }
        return .nothing
    }

    func show(_ webhook: Webhook, _ call: Call, links: String? = nil) -> Outcome {
        .document(RESTDocument(root: "Webhook", content: webhook.content(times: call.times, links: links)))
    }

    func mappingAgentErrors<Value>(
        _ body: () async throws(AgentError) -> Value
    ) async throws(RESTError) -> Value {
        do { return try await body() } catch { throw RESTError(error) }
    }
}
