import DeliveryTransport
import NIOCore
import TestSupport

/// Alarms of a sender that ring when a test says so, and never by themselves.
final class ManualAlarms: Sendable {
    struct Alarm: Sendable {
        /// The time after which the sender wants the alarm to ring.
        var amount: TimeAmount
        fileprivate var loop: any EventLoop
        fileprivate var work: @Sendable () -> Void
    }

    /// The alarms that were set and have not rung, in the order in which they were set.
    let waiting = Watched<[Alarm]>([])

    /// Sets alarms for a sender. No test takes as long as the event loop waits.
    var schedule: SocketSender.Scheduling {
        { amount, loop, work in
            self.waiting.update { $0.append(Alarm(amount: amount, loop: loop, work: work)) }
            return loop.scheduleTask(in: .hours(1), work)
        }
    }

    /// Waits until an alarm is set, and returns when the sender has done what it does at the first that was set.
    func ring() async throws {
        try await waiting.wait { !$0.isEmpty }
        let alarm = waiting.update { $0.removeFirst() }
        try await alarm.loop.submit(alarm.work).get()
    }
}
