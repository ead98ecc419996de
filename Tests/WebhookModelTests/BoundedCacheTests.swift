import Testing
import WebhookModel

@Suite("Bounded cache")
struct BoundedCacheTests {
    private static func filled(_ keys: ClosedRange<Int>, capacity: Int) -> BoundedCache<Int, String> {
        var cache = BoundedCache<Int, String>(capacity: capacity)
        for key in keys { cache.insert("\(key)", for: key) }
        return cache
    }

    private static func held(_ cache: BoundedCache<Int, String>, of keys: ClosedRange<Int>) -> [Int] {
        var cache = cache
        return keys.filter { cache[$0] == "\($0)" }
    }

    @Test("A cache that is not full keeps every value")
    func notFull() {
        let cache = Self.filled(1...3, capacity: 3)
        #expect(cache.count == 3)
        #expect(Self.held(cache, of: 0...4) == [1, 2, 3])
    }

    @Test("One value goes for each that comes to a full cache, the longest unused first")
    func eviction() {
        var cache = Self.filled(1...3, capacity: 3)
        #expect(cache[1] == "1")
        cache.insert("2", for: 2)
        cache.insert("4", for: 4)
        #expect(Self.held(cache, of: 1...4) == [1, 2, 4])
        cache.insert("5", for: 5)
        #expect(Self.held(cache, of: 1...5) == [2, 4, 5])
        #expect(cache.count == 3)
    }

    @Test("A value that is set again replaces the one before")
    func replacement() {
        var cache = Self.filled(1...2, capacity: 2)
        cache.insert("one", for: 1)
        #expect(cache[1] == "one")
        #expect(cache.count == 2)
    }

    @Test("A cache for one value holds the latest")
    func single() {
        let cache = Self.filled(1...9, capacity: 1)
        #expect(Self.held(cache, of: 1...9) == [9])
    }

    @Test("A cache that was emptied takes values again")
    func emptied() {
        var cache = Self.filled(1...9, capacity: 3)
        cache.removeAll()
        #expect(cache.count == 0)
        #expect(cache[9] == nil)
        for key in 1...4 { cache.insert("\(key)", for: key) }
        #expect(Self.held(cache, of: 1...4) == [2, 3, 4])
    }

    @Test("A cache holds what a list in order of use holds", arguments: 0..<20)
    func model(seed: Int) {
        var state = UInt64(seed)
        func draw(_ bound: UInt64) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % bound)
        }
        var cache = BoundedCache<Int, Int>(capacity: 8)
        var model: [(key: Int, value: Int)] = []
        for step in 0..<500 {
            let key = draw(16)
            let known = model.firstIndex { $0.key == key }.map { model.remove(at: $0) }
            if draw(2) == 0 {
                cache.insert(step, for: key)
                model.append((key, step))
            } else {
                #expect(cache[key] == known?.value)
                if let known { model.append(known) }
            }
            if model.count > 8 { model.removeFirst() }
            #expect(cache.count == model.count)
        }
    }
}
