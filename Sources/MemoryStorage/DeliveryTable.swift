import StoreContracts
import WebhookModel

/// The deliveries of ``MemoryState``, with what is pending of each webhook in the order in which it is due.
///
/// Of a million deliveries a claim looks at those that it takes. The order stands beside the deliveries: an entry that
/// does not say what its delivery does any more is dropped when it is come to.
struct DeliveryTable: Sequence {
    private struct Queue {
        var pending = DueHeap()
        /// What waits in another state, by that.
        var waiting: [DeliveryRowState: [Int64]] = [:]
        var deliveries = 0

        /// The number of entries that are kept at most, including those that are out of date.
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
        queues[webhook].map { $0.pending.entries.count + $0.waiting.values.joined().count } ?? 0
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
            switch new.row.state {
            case .pending where old?.row.state != .pending || old?.row.due != new.row.due || old?.fence != new.fence:
                queues[id.webhook]?.pending.insert(DueHeap.Entry(due: new.row.due, event: id.event))
            case .pending, .failed: return
            case let state where state != old?.row.state:
                queues[id.webhook]?.waiting[state, default: []].append(id.event)
            default: return
            }
            dropStale(of: id.webhook, new.row.state)
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

    /// Takes deliveries of a webhook that are in these states, of which `failed` is none; each has to be stored with another
    /// state.
    mutating func pop(_ states: [DeliveryRowState], of webhook: Int32, limit: Int) -> [DeliveryID] {
        var popped: [DeliveryID] = []
        for state in states where popped.count < limit {
            let left = limit - popped.count
            popped +=
                state == .pending
                ? popPending(of: webhook, dueBy: Timestamp(ticks: .max), limit: left)
                : popWaiting(in: state, of: webhook, limit: left)
        }
        return popped
    }

    private mutating func popWaiting(in state: DeliveryRowState, of webhook: Int32, limit: Int) -> [DeliveryID] {
        var found: Set<DeliveryID> = []
        while found.count < limit, let event = queues[webhook]?.waiting[state]?.popLast() {
            let id = DeliveryID(event: event, webhook: webhook)
            if rows[id]?.row.state == state { found.insert(id) }
        }
        return Array(found)
    }

    private func isPending(_ entry: DueHeap.Entry, _ webhook: Int32) -> Bool {
        let row = rows[DeliveryID(event: entry.event, webhook: webhook)]?.row
        return row?.state == .pending && row?.due == entry.due
    }

    /// Drops what is out of date where there is much of it.
    private mutating func dropStale(of webhook: Int32, _ state: DeliveryRowState) {
        guard let limit = queues[webhook]?.limit else { return }
        if state == .pending {
            guard let entries = queues[webhook]?.pending.entries, entries.count > limit else { return }
            let valid = Set(entries.filter { isPending($0, webhook) })
            queues[webhook]?.pending = DueHeap(valid)
        } else {
            guard let events = queues[webhook]?.waiting[state], events.count > limit else { return }
            let valid = Set(events).filter { rows[DeliveryID(event: $0, webhook: webhook)]?.row.state == state }
            queues[webhook]?.waiting[state] = valid.sorted()
        }
    }
}
