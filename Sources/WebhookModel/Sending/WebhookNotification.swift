package import FoundationEssentials

/// One POST to a target, decided down to its body bytes; the sender adds only what HTTP needs and the signature.
package struct WebhookNotification: Sendable, Hashable {
    /// The target.
    package var url: String
    /// The webhook's own headers, as saved.
    package var headers: StringDictionary?
    /// Signs the body when it is not empty.
    package var secret: String?
    /// The signature where it has been made already; else the sender makes it.
    package var signature: String?
    /// `X-SuperOffice-Event`.
    package var event: String
    /// `X-SuperOffice-EventId`.
    package var eventID: UUID
    /// `X-SuperOffice-Retry`: attempts before this one.
    package var retry: Int
    /// Whether `X-Hook-Test: true` is sent.
    package var isTest: Bool
    /// The exact bytes that are signed and sent.
    package var body: [UInt8]

    /// A notification that is not signed yet.
    package init(
        url: String,
        headers: StringDictionary?,
        secret: String?,
        event: String,
        eventID: UUID,
        retry: Int,
        isTest: Bool,
        body: [UInt8]
    ) {
        (self.url, self.headers, self.secret, self.event) = (url, headers, secret, event)
        (self.eventID, self.retry, self.isTest, self.body) = (eventID, retry, isTest, body)
    }
}

/// What came of sending a notification.
package enum SendOutcome: Sendable, Hashable {
    /// The target answered, with whatever status.
    case answered(TargetAnswer)
    /// There was no answer.
    case failed(SendError)

    /// One line that says what happened, without the answer's body.
    package var summary: String {
        switch self {
        case .answered(let answer): answer.statusLine + answer.redirection
        case .failed(let failure): failure.text
        }
    }

    /// How many UTF-16 code units of a failure GetLastError tells at most, as many as NetServer's database keeps.
    package static let lastErrorLength = 4000

    /// What GetLastError tells when this was a failure: the answer as far as it has room, or why there was none.
    package var lastError: String {
        let text =
            switch self {
            case .answered(let answer): answer.transcript
            case .failed(let failure): failure.text
            }
        var left = Self.lastErrorLength
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            left -= UTF16.width(scalar)
            if left < 0 { break }
            // Databases end a text there.
            scalars.append(scalar == "\0" ? "\u{FFFD}" : scalar)
        }
        return String(scalars)
    }
}

/// What a target answered. The body is cut at the sender's bound.
package struct TargetAnswer: Sendable, Hashable {
    /// The status code.
    package var status: Int
    /// The reason phrase as the target wrote it, the standard one where it wrote none, empty for a code without one.
    package var reason: String
    /// In the order they came.
    package var headers: [StringDictionary.Entry]
    /// The part of the answer's body that was read.
    package var body: [UInt8]

    /// An answer with these members.
    package init(status: Int, reason: String, headers: [StringDictionary.Entry] = [], body: [UInt8] = []) {
        (self.status, self.reason, self.headers, self.body) = (status, reason, headers, body)
    }

    /// `HTTP/1.1 200 OK`.
    package var statusLine: String { "HTTP/1.1 \(status)" + (reason.isEmpty ? "" : " " + reason) }

    /// What is said of a redirect: this service does not follow it, and where it points.
    ///
    /// The place is shown without user, password and query, which may hold keys.
    fileprivate var redirection: String {
        guard [301, 302, 303, 307, 308].contains(status) else { return "" }
        let said = " (redirects are not followed"
        guard let location = headers.first(where: { $0.key.lowercased() == "location" })?.value else {
            return said + ")"
        }
        var place = location.filter { $0 >= " " }.prefix { $0 != "?" && $0 != "#" }
        let host = place.firstRange(of: "//")?.upperBound ?? place.startIndex
        let hostEnd = place[host...].firstIndex(of: "/") ?? place.endIndex
        if let at = place[host..<hostEnd].lastIndex(of: "@") { place.removeSubrange(host...at) }
        return said + "; this one points to \(place.prefix(Self.locationLength)))"
    }

    /// What is shown of a redirect's place, in characters.
    private static let locationLength = 200

    /// Status line, headers and body, as a person reads them.
    package var transcript: String {
        let lines = [statusLine + redirection] + headers.map { "\($0.key): \($0.value ?? "")" }
        let head = lines.joined(separator: "\n")
        return body.isEmpty ? head : head + "\n\n" + String(decoding: body, as: UTF8.self)
    }
}

/// Why there was no answer.
package struct SendError: Error, Sendable, Hashable {
    /// Bounded, hence fit for a metric's label.
    package enum Kind: String, Sendable, CaseIterable {
        /// The address may not be reached.
        case refusedByPolicy
        /// The URL leads nowhere.
        case invalidURL
        /// The name has no address.
        case resolution
        /// The connection was refused, or broke.
        case connection
        /// No trust, or no agreement about it.
        case tls
        /// The time for an attempt was over.
        case timeout
        /// The answer was no HTTP.
        case protocolViolation
        /// The forward proxy did not let the notification through.
        case proxy
        /// This machine's network has no way to the target: no route, a firewall, or name servers that are silent.
        case network
        /// This machine could not send to anybody: it lacked descriptors, ports or memory, or stood still.
        case local
        /// This service stopped.
        case shutdown

        /// Whether the target is to blame, so that the failure counts against its webhook.
        ///
        /// What fails on our own machine or in the proxy between is never the target's failure.
        package var isTargets: Bool {
            switch self {
            case .refusedByPolicy, .invalidURL, .resolution, .connection, .tls, .timeout, .protocolViolation: true
            case .proxy, .network, .local, .shutdown: false
            }
        }
    }

    /// What kind of failure it was.
    package var kind: Kind
    /// For the webhook's owner: names what failed and, where there is one, what an operator can change.
    package var text: String

    /// A failure of a kind, with what its webhook's owner is told.
    package init(_ kind: Kind, _ text: String) {
        (self.kind, self.text) = (kind, text)
    }
}

/// Sends notifications: signs, posts, and reads the answer up to a bound. Never throws: a failure is an outcome.
package protocol NotificationSender: Sendable {
    /// Returns within the sender's own time limit; a cancelled task gets ``SendError/Kind/shutdown``.
    func send(_ notification: WebhookNotification) async -> SendOutcome
}
