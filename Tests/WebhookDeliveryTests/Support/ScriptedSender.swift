import StoreContracts
import TestSupport
import WebhookModel

/// A sender that records what it is given and answers as told.
final class ScriptedSender: NotificationSender {
    struct Call: Sendable {
        var notification: WebhookNotification
        /// When it was sent, as time since the clock's start.
        var time: Duration
        /// How many were in flight to the same URL then, this one included.
        var inFlightToURL: Int
    }

    struct State: Sendable {
        var calls: [Call] = []
        var inFlight = 0
        var mostInFlight = 0
        var inFlightByURL: [String: Int] = [:]
    }

    let state = Watched(State())
    private let clock: ManualClock
    private let answer: @Sendable (Int, WebhookNotification) async -> SendOutcome

    /// - Parameter answer: Gets the number of the call, from 0.
    init(clock: ManualClock, answer: @escaping @Sendable (Int, WebhookNotification) async -> SendOutcome) {
        self.clock = clock
        self.answer = answer
    }

    var calls: [Call] { state.value.calls }

    func calls(to url: String) -> [Call] {
        calls.filter { $0.notification.url == url }
    }

    func send(_ notification: WebhookNotification) async -> SendOutcome {
        let time = clock.elapsed
        let number = state.update { state in
            state.inFlight += 1
            state.mostInFlight = max(state.mostInFlight, state.inFlight)
            let inFlightToURL = (state.inFlightByURL[notification.url] ?? 0) + 1
            state.inFlightByURL[notification.url] = inFlightToURL
            state.calls.append(Call(notification: notification, time: time, inFlightToURL: inFlightToURL))
            return state.calls.count - 1
        }
        defer {
            state.update { state in
                state.inFlight -= 1
                state.inFlightByURL[notification.url, default: 1] -= 1
            }
        }
        return await answer(number, notification)
    }
}

/// Keeps sends from ending until a test opens it.
struct Gate: Sendable {
    private let isOpen = Watched(false)

    func open() {
        isOpen.update { $0 = true }
    }

    /// `outcome` once the gate is open; what a cancelled sender says when the task is cancelled before.
    func pass(_ outcome: SendOutcome = .ok) async -> SendOutcome {
        do {
            try await isOpen.wait { $0 }
            return outcome
        } catch {
            return .failed(SendError(.shutdown, "stopped"))
        }
    }
}

extension SendOutcome {
    static let ok = SendOutcome.answered(TargetAnswer(status: 200, reason: "OK"))
    static let serverError = SendOutcome.answered(TargetAnswer(status: 500, reason: "Internal Server Error"))
    static let refused = SendOutcome.failed(SendError(.connection, "The target could not be reached."))
}
