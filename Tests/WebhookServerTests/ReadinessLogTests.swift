import Testing

@testable import WebhookServer

/// Which checks of readiness are logged.
@Suite("Log of readiness")
struct ReadinessLogTests {
    private let log = ReadinessLog()
    private let start = ContinuousClock.now

    @Test("An outage and its end are logged once each, however often readiness is asked for")
    func oneOutage() {
        #expect(log.line(for: nil, at: start) == nil)
        #expect(log.line(for: "read-only", at: start) == .notReady("read-only"))
        #expect(log.line(for: "read-only", at: start + .seconds(600)) == nil)
        #expect(log.line(for: nil, at: start + .seconds(601)) == .readyAgain)
        #expect(log.line(for: nil, at: start + .seconds(602)) == nil)
        #expect(log.line(for: "read-only", at: start + .seconds(603)) == .notReady("read-only"))
    }

    @Test("A later reason of an outage is logged, once in 30 seconds at most")
    func laterReasons() {
        #expect(log.line(for: "connections were cut", at: start) == .notReady("connections were cut"))
        #expect(log.line(for: "read-only", at: start + .seconds(29)) == nil)
        #expect(log.line(for: "read-only", at: start + .seconds(30)) == .otherReason("read-only"))
        #expect(log.line(for: "read-only", at: start + .seconds(90)) == nil)
        #expect(log.line(for: "no answer", at: start + .seconds(91)) == .otherReason("no answer"))
        #expect(log.line(for: nil, at: start + .seconds(92)) == .readyAgain)
    }
}
