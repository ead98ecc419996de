import StoreContracts
import Testing
import WebhookModel

@Suite("How deliveries follow their webhooks")
struct DeliveryChangeTests {
    private static let time = Timestamp(ticks: 1000)
    private static let reason = "Webhooks of type 'crmscript' are not delivered by this service."

    /// Every standing of a webhook, nil for one that was deleted, with the change that its deliveries need.
    private static let changes: [(webhook: WebhookStanding?, change: DeliveryChange)] =
        [(nil, .end(reason: "The webhook was deleted."))]
        + WebhookState.allCases.flatMap { state -> [(WebhookStanding?, DeliveryChange)] in
            [
                (WebhookStanding(state: state), state == .active ? .resume : .park),
                (WebhookStanding(state: state, isDeliverable: false, type: "crmscript"), .end(reason: reason)),
            ]
        }

    @Test("Each standing of a webhook asks for one change")
    func standings() {
        for (webhook, change) in Self.changes {
            #expect(DeliveryChange(following: webhook) == change, "\(String(describing: webhook))")
        }
    }

    @Test("A change names the states that it is for, and whether it ends leases")
    func states() {
        #expect(DeliveryChange.park.states == [.pending])
        #expect(DeliveryChange.resume.states == [.parked])
        #expect(DeliveryChange.end(reason: "").states == [.pending, .parked, .missed])
        #expect([DeliveryChange.park, .resume, .end(reason: "")].map(\.endsLeases) == [false, false, true])
    }

    @Test("A change leaves the attempts, and the due time of what somebody holds unless it ends")
    func rows() {
        for (_, change) in Self.changes {
            for state in change.states {
                for isHeld in [false, true] {
                    let before = DeliveryRow(state: state, attempts: 4, due: Timestamp(ticks: 7), reason: "before")
                    var row = before
                    change.apply(to: &row, at: Self.time, isHeld: isHeld)
                    var expected = before
                    switch change {
                    case .park: expected.state = .parked
                    case .resume:
                        expected.state = .pending
                        if !isHeld { expected.due = Self.time }
                    case .end(let reason):
                        (expected.state, expected.due, expected.reason) = (.failed, Self.time, reason)
                    }
                    #expect(row == expected, "\(change), \(state), held: \(isHeld)")
                    #expect(!change.states.contains(row.state), "\(change) is made once")
                }
            }
        }
    }

    @Test("An event makes the row that the webhook's state, its type and the setting for missed events ask for")
    func signalled() {
        for state in WebhookState.allCases {
            for isDeliverable in [true, false] {
                for missed in MissedEvents.allCases {
                    let webhook = WebhookStanding(state: state, isDeliverable: isDeliverable, type: "crmscript")
                    let row = DeliveryRow(signalledAt: Self.time, for: webhook, missed: missed)
                    var expected: DeliveryRowState?
                    switch (state, missed) {
                    case (.active, _): expected = .pending
                    case (.tooManyErrors, .record): expected = .missed
                    case (.tooManyErrors, .park): expected = .parked
                    case (.tooManyErrors, .drop), (.stopped, _), (.unknown, _): break
                    }
                    if expected != nil, !isDeliverable { expected = .failed }
                    #expect(row?.state == expected, "\(webhook), \(missed)")
                    guard let row else { continue }
                    #expect(row.due == Self.time)
                    #expect(row.attempts == 0)
                    #expect(row.reason == (isDeliverable ? nil : Self.reason))
                }
            }
        }
    }

    @Test("What comes of a replay follows from the record, the row and the webhook")
    func replays() {
        let webhooks = [nil] + Self.changes.compactMap(\.webhook)
        for webhook in webhooks {
            for row in [nil] + DeliveryRowState.allCases.map(Optional.some) {
                var asked = false
                func ask() -> WebhookStanding? {
                    asked = true
                    return webhook
                }
                #expect(ReplayOutcome(isKnown: false, row: row, webhook: ask) == .unknown)
                #expect(!asked)
                let found = ReplayOutcome(isKnown: true, row: row, webhook: ask)
                if row == .pending || row == .parked {
                    #expect(found == .alreadyQueued)
                    #expect(!asked, "the webhook is not read where nothing depends on it")
                } else if let webhook, webhook.isDeliverable {
                    #expect(found == (webhook.state == .active ? .queued : .parked))
                } else {
                    #expect(found == .impossible)
                }
            }
        }
        #expect(
            [ReplayOutcome.queued, .parked, .alreadyQueued, .impossible, .unknown].map(\.rowState) == [
                .pending, .parked, nil, nil, nil,
            ]
        )
    }
}
