import AgentCore
import Foundation
import Logging
import ServerConfiguration
import ServiceLifecycle
import StoreContracts
import WebhookModel

/// Removes expired sessions and what is no longer kept on record, in small steps, so that the database does not grow with what has been
/// delivered.
struct Pruning: Service, CustomStringConvertible {
    var description: String { "Pruning" }

    let store: any StoreMaintenance
    let principals: PrincipalAgent
    let settings: ServerSettings
    let logger: Logger

    private static let interval = Duration.seconds(10)
    private static let rowsPerStep = 500

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: Self.interval)
                    try await prune()
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("the record could not be pruned", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    private func prune() async throws(StoreError) {
        while try await principals.pruneSessions(limit: Self.rowsPerStep), !Task.isCancelled { await Task.yield() }
        let now = Timestamp(Date())
        let limits = LogLimits(
            attemptsBefore: now.advanced(by: .zero - settings.attemptRetention),
            attempts: settings.attemptLimit,
            failedBefore: now.advanced(by: .zero - settings.failedRetention),
            rowsPerStep: Self.rowsPerStep,
            now: now
        )
        while try await store.prune(limits), !Task.isCancelled {
            // Others' writes go between two steps.
            await Task.yield()
        }
    }
}
