/// Keys with a time each, of which the earliest is always known; a key's time can be changed, and a key taken out.
struct PriorityTable<Key: Hashable & Comparable> {
    /// A heap: none stands before its parent.
    private var entries: [(time: Int64, key: Key)] = []
    private var places: [Key: Int] = [:]

    var count: Int { entries.count }
    var first: (time: Int64, key: Key)? { entries.first }

    /// The time of a key; nil when it is not there.
    subscript(key: Key) -> Int64? {
        get { places[key].map { entries[$0].time } }
        set {
            guard let newValue else { return remove(key) }
            let place: Int
            if let known = places[key] {
                guard entries[known].time != newValue else { return }
                place = known
                entries[known].time = newValue
            } else {
                place = entries.count
                entries.append((newValue, key))
                places[key] = place
            }
            settle(place)
        }
    }

    private mutating func remove(_ key: Key) {
        guard let place = places.removeValue(forKey: key), let last = entries.popLast(), place < entries.count else {
            return
        }
        entries[place] = last
        places[last.key] = place
        settle(place)
    }

    private mutating func settle(_ place: Int) {
        var place = place
        while place > 0, entries[place] < entries[(place - 1) / 2] {
            swap(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
        while true {
            var least = place
            for child in 2 * place + 1...2 * place + 2 where child < entries.count && entries[child] < entries[least] {
                least = child
            }
            guard least != place else { return }
            swap(place, least)
            place = least
        }
    }

    private mutating func swap(_ one: Int, _ other: Int) {
        entries.swapAt(one, other)
        places[entries[one].key] = one
        places[entries[other].key] = other
    }
}
