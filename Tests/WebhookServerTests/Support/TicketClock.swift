import AgentCore
import Foundation
import Synchronization
import WebhookModel

/// A clock that goes on by itself and can be put forward.
final class TicketClock: Sendable {
    private let offset = Mutex(Duration.zero)

    var now: Timestamp { Timestamp(Date()).advanced(by: offset.withLock { $0 }) }

    func advance(by duration: Duration) {
        offset.withLock { $0 += duration }
    }
}
