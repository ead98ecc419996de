import Foundation

/// A wait for a descriptor that another thread can end at once, so that the wait need not look often whether it is over.
final class InterruptibleWait: Sendable {
    /// A pipe that holds a byte once the wait is over; -1 where the system gives none, which the system's call skips.
    private let (end, start): (Int32, Int32)

    init() {
        var descriptors: [Int32] = [-1, -1]
        _ = pipe(&descriptors)
        (end, start) = (descriptors[0], descriptors[1])
    }

    deinit {
        for descriptor in [end, start] where descriptor >= 0 { close(descriptor) }
    }

    /// Ends this wait and all later ones.
    func interrupt() {
        _ = write(start, [1], 1)
    }

    /// Waits until there is something to read, the time is over, or the wait is interrupted. Returns whether there is
    /// something to read.
    func isReadable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var polled = [descriptor, end].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        return poll(&polled, nfds_t(polled.count), milliseconds) > 0 && polled[0].revents != 0
    }
}
