import WebhookModel

/// Events in the order in which they are due.
struct DueHeap {
    struct Entry: Hashable, Comparable {
        let due: Timestamp
        let event: Int64

        static func < (left: Entry, right: Entry) -> Bool {
            (left.due, left.event) < (right.due, right.event)
        }
    }

    private(set) var entries: [Entry]

    init(_ entries: some Sequence<Entry> = []) {
        // A sorted array is a heap.
        self.entries = entries.sorted()
    }

    var first: Entry? { entries.first }

    mutating func insert(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0, entries[child] < entries[(child - 1) / 2] {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in 2 * parent + 1...2 * parent + 2 where child < entries.count && entries[child] < entries[least]
            { least = child }
            guard least != parent else { return }
            entries.swapAt(least, parent)
            parent = least
        }
    }
}
