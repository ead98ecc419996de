import AgentCore
import Foundation
import HTTPTypes
import JSON
import Networking
import Text
import WebhookModel

/// What depends on a webhook as it is: conditions on when it was changed, and patches.
extension RESTService {
    /// The webhook, or that it is still as it was at a date.
    func changed(_ stored: Webhook, since date: String?, _ call: Call) -> Outcome {
        let second = stored.updated.ticks / 10_000_000
        // Too many errors are not told by the time of the last update. Within a second there may be another update, and HTTP's
        // dates have whole seconds (RFC 9110, section 8.8.2.2).
        let isDated = stored.state != .tooManyErrors && second < now().ticks / 10_000_000
        let lastModified = isDated ? HTTPDate.text(Date(timeIntervalSince1970: Double(second))) : nil
        if let lastModified, let date = date.flatMap(HTTPDate.parse), second <= Timestamp(date).ticks / 10_000_000 {
            return .unchanged(lastModified: lastModified)
        }
        return .entity(
            RESTDocument(root: "Webhook", content: stored.content(times: call.times, links: call.links)),
            lastModified: lastModified
        )
    }

    /// Replaces the webhook; if the call has a condition, only the webhook that the condition was checked of.
    func replace(_ call: Call, _ body: RequestBody, _ caller: Caller) async throws(RESTError) -> Outcome {
        let isConditional = call.headers[.ifUnmodifiedSince].flatMap(HTTPDate.parse) != nil
        return try await change(call, caller, onConflict: isConditional ? .refuse : .overwrite) {
            stored throws(RESTError) in
            let webhook = try webhook(in: body)
            try checkUnmodified(stored, call)
            return webhook
        }
    }

    /// Patches the webhook as it is; when somebody else has changed it meanwhile, the changed one.
    func patch(_ call: Call, _ body: RequestBody, _ caller: Caller) async throws(RESTError) -> Outcome {
        try await change(call, caller, onConflict: .retry) { stored throws(RESTError) in
            // A patch may test the counters.
            let stored = try await mappingAgentErrors { () throws(AgentError) in try await counted(stored, caller) }
            guard case .json(let patch) = body else {
                throw .argument(
                    "The request has no body; it must hold an array of operations (application/json-patch+json) or an object (application/merge-patch+json)."
                )
            }
            try checkUnmodified(stored, call)
            return try patched(stored, patch, call)
        }
    }

    private func change(
        _ call: Call,
        _ caller: Caller,
        onConflict: WebhookConflict,
        _ transform: (Webhook) async throws(RESTError) -> Webhook
    ) async throws(RESTError) -> Outcome {
        let id = try call.number("id")
        let saved: Webhook
        do {
            saved = try await webhooks.changeWebhook(id: id, by: caller, onConflict: onConflict, transform: transform)
        } catch {
            switch error {
            case .refused(let problem): throw problem
            case .operation(let error) where onConflict == .refuse && error.kind == .illegalOperation:
                throw RESTError(.preconditionFailed, .illegalOperation, error.message)
            case .operation(let error): throw RESTError(error)
            }
        }
        let shown = try await mappingAgentErrors { () throws(AgentError) in try await counted(saved, caller) }
        return show(shown, call, links: call.links)
    }

    private func patched(_ stored: Webhook, _ patch: JSONValue, _ call: Call) throws(RESTError) -> Webhook {
        var shown = stored
        // So that a single value finds the array that it is appended to.
        shown.events = stored.events ?? []
        shown.extras.errorEmails = stored.extras.errorEmails ?? []
        shown.extras.errorAssociates = stored.extras.errorAssociates ?? []
        let document = shown.content(times: call.times).json
        let (changed, setsState) = try patched(document, patch, call.bodyKind)
        var webhook = try Webhook(changed)
        // Saving a webhook as Active would take back its errors, and those that made it stop meanwhile.
        if !setsState { webhook.state = .unknown }
        // JSON shows a repeated header once. Members that the patch leaves as they were shown stay as they are stored.
        if changed.isSame(as: document, at: "Headers") { webhook.headers = stored.headers }
        if changed.isSame(as: document, at: "ErrorEmails") { webhook.extras.errorEmails = stored.extras.errorEmails }
        if changed.isSame(as: document, at: "ErrorAssociates") {
            webhook.extras.errorAssociates = stored.extras.errorAssociates
        }
        return webhook
    }

    /// The document with a patch's changes, and whether these may set the state.
    private func patched(
        _ document: JSONValue,
        _ patch: JSONValue,
        _ kind: RequestBody.Kind
    ) throws(RESTError) -> (document: JSONValue, setsState: Bool) {
        switch (kind, patch) {
        case (.jsonPatch, .array), (.json, .array):
            let limits = json.limits
            let patch = try Self.patching { () throws(PatchError) in
                try JSONPatch(patch, depth: limits.depth, remedy: limits.remedies[.depth])
            }
            try Self.checkMembers(patch.members, of: document)
            let changed = try Self.patching { () throws(PatchError) in try patch.applied(to: document) }
            return (changed, patch.changes("State"))
        case (.mergePatch, .object(let changes)), (.json, .object(let changes)):
            try Self.checkMembers(changes.map(\.name), of: document)
            let changed = try Self.patching { () throws(PatchError) in try MergePatch.apply(patch, to: document) }
            return (changed, patch["State"] != nil)
        case (.jsonPatch, _): throw .argument("A JSON Patch is an array of operations.")
        default: throw .argument("A merge patch is an object.")
        }
    }

    private static func patching<Value>(_ body: () throws(PatchError) -> Value) throws(RESTError) -> Value {
        do { return try body() } catch {
            switch error.kind {
            case .malformed: throw .argument(error.description)
            case .testFailed: throw RESTError(.conflict, .illegalOperation, error.description)
            }
        }
    }

    /// Checks that a patch names no members but those that are shown and `_Links`, which answers bring along.
    private static func checkMembers(_ names: [String], of document: JSONValue) throws(RESTError) {
        guard case .object(let members) = document,
            let unknown = names.first(where: { members[$0] == nil && !CaseInsensitiveName("_Links").matches($0) })
        else { return }
        let known = members.map(\.name).joined(separator: ", ")
        throw .argument("A webhook has no member \(Excerpt.quoted(unknown)). Its members are \(known).")
    }

    /// Whole seconds are compared, since HTTP's dates have no others (RFC 9110, section 13.1.4).
    func checkUnmodified(_ stored: Webhook, _ call: Call) throws(RESTError) {
        guard let text = call.headers[.ifUnmodifiedSince], let date = HTTPDate.parse(text) else { return }
        guard stored.updated.ticks / 10_000_000 > Timestamp(date).ticks / 10_000_000 else { return }
        throw RESTError(
            .preconditionFailed,
            .illegalOperation,
            "The webhook \(stored.id) has been changed since \(Excerpt.plain(text)): at \(stored.updated)."
        )
    }
}

extension JSONValue {
    /// Whether a member of both is written as the same JSON.
    fileprivate func isSame(as other: JSONValue, at name: String) -> Bool {
        (self[name]?.text).isSame(as: other[name]?.text)
    }
}
