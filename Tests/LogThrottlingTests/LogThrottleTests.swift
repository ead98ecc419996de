import LogThrottling
import Logging
import Synchronization
import TestSupport
import Testing

@Suite("Throttled log")
struct LogThrottleTests {
    private let lines = Recorder<String>()
    private let elapsed = Elapsed()
    private let throttle: LogThrottle
    private let logger: Logger

    init() {
        throttle = LogThrottle(elapsed: { [elapsed] in elapsed.value.withLock { $0 } })
        logger = Logger(label: "test", factory: { [lines] _ in RecordingLogHandler(lines: lines) })
    }

    private func fail(_ times: Int) {
        for call in 1...times {
            throttle.log(.error, "the disk is full", metadata: ["call": "\(call)"], to: logger)
        }
    }

    @Test("A message that comes again within a second is left out, and the next line tells how often")
    func leavesOut() {
        fail(1000)
        elapsed.value.withLock { $0 = .milliseconds(999) }
        fail(1)
        elapsed.value.withLock { $0 = .seconds(1) }
        fail(2)
        elapsed.value.withLock { $0 = .seconds(9) }
        fail(1)
        elapsed.value.withLock { $0 = .seconds(20) }
        fail(1)
        #expect(
            lines.all == [
                "error the disk is full call=1", "error the disk is full call=1 leftOut=1000",
                "error the disk is full call=1 leftOut=1", "error the disk is full call=1",
            ]
        )
    }

    @Test("Another message is not held back")
    func otherMessage() {
        fail(3)
        throttle.log(.warning, "the network is away", to: logger)
        #expect(lines.all == ["error the disk is full call=1", "warning the network is away "])
    }

    @Test("What a line would tell is not made when the line is left out")
    func lazyMetadata() {
        var made = 0
        func metadata() -> Logger.Metadata {
            made += 1
            return [:]
        }
        for _ in 0..<5 { throttle.log(.error, "the disk is full", metadata: metadata(), to: logger) }
        #expect(made == 1)
    }
}

private final class Elapsed: Sendable {
    let value = Mutex(Duration.zero)
}
