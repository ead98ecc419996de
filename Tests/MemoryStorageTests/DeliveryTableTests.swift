import AgentCore
import StoreConformance
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@testable import MemoryStorage

@Suite("Memory store's order of what is due")
struct DeliveryTableTests {
    private static func row(_ state: DeliveryRowState, due: Int64, fence: Int64 = 0) -> MemoryState.Delivery {
        let row = DeliveryRow(state: state, due: Timestamp(ticks: due))
        return MemoryState.Delivery(suffix: [], row: row, fence: fence)
    }

    @Test("The memory store's order equals the deliveries' order after any changes", arguments: 1...20)
    func anyChanges(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = DeliveryTable()
        var plain: [DeliveryID: MemoryState.Delivery] = [:]
        for _ in 0..<2000 {
            let id = DeliveryID(event: .random(in: 0..<40, using: &random), webhook: .random(in: 0..<3, using: &random))
            let state =
                [DeliveryRowState.pending, .pending, .parked, .failed].randomElement(using: &random) ?? .pending
            let row: MemoryState.Delivery? =
                Int.random(in: 0..<5, using: &random) == 0
                ? nil : Self.row(state, due: .random(in: 0..<50, using: &random))
            table[id] = row
            plain[id] = row
            let pending = plain.filter { $0.key.webhook == id.webhook && $0.value.row.state == .pending }
            #expect(table.firstDue(of: id.webhook) == pending.map(\.value.row.due).min())
        }
        for webhook in Int32(0)..<3 {
            let own = plain.filter { $0.key.webhook == webhook }
            let pending = own.filter { $0.value.row.state == .pending }
            let popped = table.popPending(of: webhook, dueBy: Timestamp(ticks: 25), limit: .max)
            #expect(Set(popped) == Set(pending.filter { $0.value.row.due <= Timestamp(ticks: 25) }.keys))
            #expect(popped.count == Set(popped).count)
            let dues = popped.compactMap { plain[$0]?.row.due }
            #expect(dues == dues.sorted())
            let parked = table.pop([.parked], of: webhook, limit: .max)
            #expect(parked.count == Set(parked).count)
            #expect(Set(parked) == Set(own.filter { $0.value.row.state == .parked }.keys))
        }
    }

    @Test("Taken deliveries leave the memory store's order until they are stored again")
    func taken() {
        var table = DeliveryTable()
        let ids = (0..<10).map { DeliveryID(event: $0, webhook: 1) }
        for id in ids { table[id] = Self.row(.pending, due: 100 - id.event) }
        let first = table.popPending(of: 1, dueBy: Timestamp(ticks: 95), limit: 3)
        #expect(first.map(\.event) == [9, 8, 7])
        #expect(table.firstDue(of: 1) == Timestamp(ticks: 94))
        // A claim with a lease of no length.
        for id in first { table[id] = Self.row(.pending, due: 100 - id.event, fence: 1) }
        #expect(table.popPending(of: 1, dueBy: Timestamp(ticks: 95), limit: .max).map(\.event) == [9, 8, 7, 6, 5])
    }

    @Test("A delivery that is put off again and again takes no room for its former times")
    func bounded() {
        var heap = DueHeap()
        for due in 0..<1000 { heap.insert(.init(due: Timestamp(ticks: Int64(due * 7919 % 1000)), event: 1)) }
        var sorted: [Int64] = []
        while let first = heap.first {
            sorted.append(first.due.ticks)
            heap.removeFirst()
        }
        #expect(sorted == Array(0..<1000))
        var table = DeliveryTable()
        for due in 0..<100_000 { table[DeliveryID(event: 1, webhook: 1)] = Self.row(.pending, due: Int64(due)) }
        #expect(table.entries(of: 1) <= 66)
        #expect(table.firstDue(of: 1) == Timestamp(ticks: 99_999))
        table[DeliveryID(event: 1, webhook: 1)] = nil
        #expect(table.entries(of: 1) == 0)
    }
}
