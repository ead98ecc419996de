/// The services of an installation that are emulated.
package enum ServiceName: String, Sendable, Hashable, CaseIterable {
    case webhook = "Webhook"
    case soPrincipal = "SoPrincipal"

    /// The last part of its path.
    package var file: String { rawValue + ".svc" }
}
