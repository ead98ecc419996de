package import Logging
import ServerConfiguration
import Stores

/// `webhook-svc store copy`: moves an installation to another store.
package enum StoreCopying {
    /// Copies everything. Throws a ``SettingsError`` for a location that is none, and what the stores throw.
    ///
    /// - Parameters:
    ///   - overwriting: Whether a target that is not empty is emptied first; else it is refused.
    ///   - logger: Is told when a store has to wait.
    /// - Returns: One line for each table.
    package static func run(
        from source: String,
        to target: String,
        overwriting: Bool,
        logger: Logger
    ) async throws -> [String] {
        let (source, target) = (try location(source, option: "from"), try location(target, option: "to"))
        let copied = try await StoreCopy.run(from: source, to: target, overwriting: overwriting, logger: logger)
        return copied.map { "\($0.table): \($0.rows) rows" }
    }

    private static func location(_ text: String, option: String) throws(SettingsError) -> StoreLocation {
        do {
            return try StoreLocation(text)
        } catch {
            throw SettingsError(option, error.description)
        }
    }
}
