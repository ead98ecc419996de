import XML

/// Calls of the player's own: to log in, and to remove what is left.
struct ServiceCall {
    private let client: ConformanceClient
    private let ticket: String?
    private let token: String

    init(client: ConformanceClient, ticket: String?, token: String) {
        (self.client, self.ticket, self.token) = (client, ticket, token)
    }

    /// Calls an operation in SOAP 1.1 and reads its response element.
    ///
    /// Throws ``ConformanceError/noAnswer(reason:)``, also for an operation that failed.
    func call(
        _ operation: String,
        of service: FixtureService,
        _ arguments: KeyValuePairs<String, String> = [:]
    ) async throws(ConformanceError) -> XMLElement {
        let answer = try await client.post(
            envelope(operation, arguments),
            to: service,
            contentType: "text/xml; charset=utf-8",
            action: "\"\(Vocabulary.services)/\(service.rawValue)/\(operation)\""
        )
        guard let root = try? FixtureManifest.reader.read(answer.body).root,
            let response = root.child("Body")?.children.first(where: { $0.name != "Fault" })
        else {
            throw .noAnswer(reason: "\(operation) was answered with HTTP \(answer.status) and no \(operation)Response")
        }
        if let exception = root.child("Header")?.child("ExceptionInfo") {
            throw .noAnswer(reason: "\(operation) failed: \(exception.child("Message")?.text ?? "no message")")
        }
        return response
    }

    private func envelope(_ operation: String, _ arguments: KeyValuePairs<String, String>) -> [UInt8] {
        var writer = XMLWriter()
        writer.markup(#"<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s=""#)
        writer.markup(Vocabulary.soap11)
        writer.markup(#"" xmlns=""#)
        writer.markup(Vocabulary.services)
        writer.markup(#""><s:Header>"#)
        element("ApplicationToken", token, in: &writer)
        if let ticket {
            writer.markup("<Credentials>")
            element("Ticket", ticket, in: &writer)
            writer.markup("</Credentials>")
        }
        writer.markup("</s:Header><s:Body><\(operation)>")
        for (name, value) in arguments { element(name, value, in: &writer) }
        writer.markup("</\(operation)></s:Body></s:Envelope>")
        return writer.bytes
    }

    private func element(_ name: String, _ value: String, in writer: inout XMLWriter) {
        writer.markup("<\(name)>")
        writer.text(value)
        writer.markup("</\(name)>")
    }
}

extension ConformanceClient {
    /// Logs in. Throws ``ConformanceError/loginFailed(reason:)``.
    ///
    /// - Returns: The ticket.
    package func logIn(user: String, password: String, token: String) async throws(ConformanceError) -> String {
        let call = ServiceCall(client: self, ticket: nil, token: token)
        let answer: XMLElement
        do {
            answer = try await call.call(
                "AuthenticateUsernamePassword",
                of: .principal,
                ["UserName": user, "Password": password]
            )
        } catch {
            throw .loginFailed(reason: "\(error)")
        }
        guard let ticket = answer.child("Credentials")?.child("Ticket")?.text, !ticket.isEmpty else {
            throw .loginFailed(reason: "the user name or the password is wrong")
        }
        return ticket
    }

    /// Makes sure that a ticket and a token serve. Throws ``ConformanceError/loginFailed(reason:)``.
    package func tryOut(ticket: String, token: String) async throws(ConformanceError) {
        do {
            _ = try await ServiceCall(client: self, ticket: ticket, token: token).call(
                "CreateDefaultWebhook",
                of: .webhook
            )
        } catch {
            throw .loginFailed(reason: "\(error)")
        }
    }

    /// Deletes the webhooks of a run: what captures, and scenarios that went wrong, left.
    ///
    /// Throws ``ConformanceError/noAnswer(reason:)``, after it has tried to delete each.
    ///
    /// - Parameters:
    ///   - run: The run's own text, which stands in their names.
    ///   - receiver: What their TargetUrls begin with.
    /// - Returns: How many there were.
    package func removeWebhooks(
        run: String,
        to receiver: String,
        ticket: String,
        token: String
    ) async throws(ConformanceError) -> Int {
        let call = ServiceCall(client: self, ticket: ticket, token: token)
        let all = try await call.call("GetAllWebhooks", of: .webhook)
        var failure: ConformanceError?
        var count = 0
        for webhook in all.child("Response").map({ Array($0.children) }) ?? [] {
            let isOfRun =
                webhook.child("Name")?.text.contains(run) == true
                || webhook.child("TargetUrl")?.text.hasPrefix(receiver) == true
            guard isOfRun, let id = webhook.child("WebhookId")?.text else { continue }
            do {
                _ = try await call.call("DeleteWebhook", of: .webhook, ["WebhookId": id])
                count += 1
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return count
    }
}
