import AgentCore
import Foundation
import Logging
import ServiceLifecycle

/// Removes events that nothing refers to any more, in small steps, so that the database does not grow with what has been
/// delivered.
struct EventPruning: Service {
    let queue: any DeliveryQueue
    let retention: Duration
    let logger: Logger

    private static let interval = Duration.seconds(10)
    private static let eventsPerStep = 500

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: Self.interval)
                    try await prune()
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("events could not be pruned", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    private func prune() async throws(StoreError) {
        let negative = Duration.zero - retention
        let cutoff = Timestamp(Date()).advanced(by: negative)
        while try await queue.pruneEvents(before: cutoff, limit: Self.eventsPerStep) == Self.eventsPerStep {
            // Others' writes go between two steps.
            await Task.yield()
        }
    }
}
