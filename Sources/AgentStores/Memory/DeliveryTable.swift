import AgentCore

/// The deliveries of ``MemoryState``, with what is pending of each webhook in the order in which it is due.
///
/// Of a million deliveries a claim looks at those that it takes. The order stands beside the deliveries: an entry that
/// does not say what its delivery does any more is dropped when it is come to.
struct DeliveryTable: Sequence {
    private struct Queue {
        var pending = DueHeap()
        var parked: [Int64] = []
        var deliveries = 0

        /// So many entries are kept at most, those that are out of date included.
        var limit: Int { 2 * deliveries + 64 }
    }

    private var rows: [DeliveryID: MemoryState.Delivery] = [:]
    private var queues: [Int32: Queue] = [:]

    var keys: some Collection<DeliveryID> { rows.keys }
    var values: some Collection<MemoryState.Delivery> { rows.values }
    /// The webhooks that have deliveries.
    var webhooks: some Collection<Int32> { queues.keys }

    /// How many entries there are for a webhook, those that are out of date included.
    func entries(of webhook: Int32) -> Int {
        queues[webhook].map { $0.pending.entries.count + $0.parked.count } ?? 0
    }

    func makeIterator() -> Dictionary<DeliveryID, MemoryState.Delivery>.Iterator {
        rows.makeIterator()
    }

    subscript(id: DeliveryID) -> MemoryState.Delivery? {
        get { rows[id] }
        set {
            let old = rows[id]
            rows[id] = newValue
            let change = (newValue == nil ? 0 : 1) - (old == nil ? 0 : 1)
            queues[id.webhook, default: Queue()].deliveries += change
            if queues[id.webhook]?.deliveries == 0 { queues[id.webhook] = nil }
            guard let new = newValue else { return }
            switch new.state {
            case .pending where old?.state != .pending || old?.due != new.due || old?.fence != new.fence:
                queues[id.webhook]?.pending.insert(DueHeap.Entry(due: new.due, event: id.event))
            case .parked where old?.state != .parked: queues[id.webhook]?.parked.append(id.event)
            default: return
            }
            dropStale(of: id.webhook)
        }
    }

    /// When the next pending delivery of a webhook is due.
    mutating func firstDue(of webhook: Int32) -> Timestamp? {
        while let entry = queues[webhook]?.pending.first {
            if isPending(entry, webhook) { return entry.due }
            queues[webhook]?.pending.removeFirst()
        }
        return nil
    }

    /// Takes pending deliveries of a webhook out of the order, those that are due first; each has to be stored anew, with
    /// another state or the fence of a claim.
    mutating func popPending(of webhook: Int32, dueBy time: Timestamp, limit: Int) -> [DeliveryID] {
        var events: [Int64] = []
        var found: Set<Int64> = []
        while events.count < limit, let due = firstDue(of: webhook), due <= time {
            guard let entry = queues[webhook]?.pending.first else { break }
            queues[webhook]?.pending.removeFirst()
            if found.insert(entry.event).inserted { events.append(entry.event) }
        }
        return events.map { DeliveryID(event: $0, webhook: webhook) }
    }

    /// Takes parked deliveries of a webhook; each has to be stored with another state.
    mutating func popParked(of webhook: Int32, limit: Int) -> [DeliveryID] {
        var found: Set<Int64> = []
        while found.count < limit, let event = queues[webhook]?.parked.popLast() {
            if rows[DeliveryID(event: event, webhook: webhook)]?.state == .parked { found.insert(event) }
        }
        return found.map { DeliveryID(event: $0, webhook: webhook) }
    }

    private func isPending(_ entry: DueHeap.Entry, _ webhook: Int32) -> Bool {
        let row = rows[DeliveryID(event: entry.event, webhook: webhook)]
        return row?.state == .pending && row?.due == entry.due
    }

    private mutating func dropStale(of webhook: Int32) {
        guard
            let (pending, parked, limit) = queues[webhook].map({ ($0.pending.entries.count, $0.parked.count, $0.limit) }
            )
        else { return }
        if pending > limit, let entries = queues[webhook]?.pending.entries {
            let valid = Set(entries.filter { isPending($0, webhook) })
            queues[webhook]?.pending = DueHeap(valid)
        }
        if parked > limit, let events = queues[webhook]?.parked {
            queues[webhook]?.parked = Set(events).filter {
                rows[DeliveryID(event: $0, webhook: webhook)]?.state == .parked
            }.sorted()
        }
    }
}
