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

    /// Creates a failure of a kind, with what its webhook's owner is told.
    package init(_ kind: Kind, _ text: String) {
        (self.kind, self.text) = (kind, text)
    }
}
