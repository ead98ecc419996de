import StoreConformance
import TestSupport
import Testing

@testable import PostgreSQLQueue

@Suite("Priority table")
struct PriorityTableTests {
    @Test(
        "Its first is the earliest of what it holds, whatever is put in, changed and taken out",
        arguments: [UInt64(1), 2, 3]
    )
    func first(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = PriorityTable<Int>()
        var model: [Int: Int64] = [:]
        for _ in 0..<3000 {
            let key = Int.random(in: 0..<60, using: &random)
            let time = Int.random(in: 0..<3, using: &random) == 0 ? nil : Int64.random(in: 0..<40, using: &random)
            table[key] = time
            model[key] = time
            #expect(table[key] == time)
            #expect(table.count == model.count)
            let least = model.min { ($0.value, $0.key) < ($1.value, $1.key) }
            #expect(table.first?.key == least?.key)
            #expect(table.first?.time == least?.value)
        }
    }
}
