import NIOCore
import Synchronization
import WebhookModel

/// Transfers that begin together on one event loop, and the task that waits for all of them.
///
/// A task that waited for each transfer would be woken as often as there are transfers.
final class TransferBatch: Sendable {
    private struct State {
        /// How many transfers have no outcome yet.
        var left: Int
        var waiter: CheckedContinuation<Void, Never>?
    }

    private struct Contents {
        var transfers: [Transfer] = []
        var isCancelled = false
    }

    private let state: Mutex<State>
    private let contents: NIOLoopBoundBox<Contents>
    private let receive: @Sendable (Int, SendOutcome) -> Void

    /// Creates a batch in which nothing has begun.
    ///
    /// - Parameter receive: Takes the outcome of each transfer once, with the transfer's index.
    init(count: Int, on loop: any EventLoop, _ receive: @escaping @Sendable (Int, SendOutcome) -> Void) {
        state = Mutex(State(left: count))
        contents = .makeBoxSendingValue(Contents(), eventLoop: loop)
        self.receive = receive
    }

    /// Begins transfers, unless the batch was cancelled before.
    ///
    /// - Parameters:
    ///   - departures: What is needed for a transfer each, with the transfer's index.
    ///   - makeTransfer: Creates a transfer. It is called on the event loop.
    func start<Departure: Sendable>(
        _ departures: [(index: Int, departure: Departure)],
        _ makeTransfer: @escaping @Sendable (Departure, @escaping (SendOutcome) -> Void) -> Transfer
    ) {
        contents.eventLoop.execute {
            guard !self.contents.value.isCancelled else {
                for (index, _) in departures { self.end(index, .failed(Transfer.stopped)) }
                return
            }
            let transfers = departures.map { index, departure in
                makeTransfer(departure) { self.end(index, $0) }
            }
            self.contents.value.transfers = transfers
            for transfer in transfers { transfer.start() }
        }
    }

    /// Cuts off the transfers that have no outcome yet. Their outcomes say that the service stopped.
    func cancel() {
        contents.eventLoop.execute {
            self.contents.value.isCancelled = true
            for transfer in self.contents.value.transfers { transfer.cancel() }
        }
    }

    /// Gives the outcome of one transfer on.
    func end(_ index: Int, _ outcome: SendOutcome) {
        receive(index, outcome)
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            state.left -= 1
            guard state.left == 0 else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns when every transfer has its outcome.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard state.left > 0 else { return true }
                state.waiter = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}
