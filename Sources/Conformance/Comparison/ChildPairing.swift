/// Which child elements of an expected and of an actual element belong together.
///
/// Those of the same name and place come first; then those that only stand elsewhere, then those that are only in another
/// namespace. So one that is missing does not make all that follow it differ, and what is told is what is wrong.
struct ChildPairing {
    /// For each expected child, the index of the actual one that belongs to it.
    private(set) var partners: [Int?]
    /// Whether a pair stands in another order than expected.
    private(set) var isReordered = false
    /// The indices of the actual children that belong to none, in order.
    private(set) var extra: [Int]

    init(expected: [ExpandedName], actual: [ExpandedName]) {
        let changes = actual.difference(from: expected)
        var missing = changes.removals.map(Self.offset).sorted()
        extra = changes.insertions.map(Self.offset).sorted()
        partners = Array(repeating: nil, count: expected.count)
        let (gone, new) = (Set(missing), Set(extra))
        for (index, partner) in zip(
            expected.indices.filter { !gone.contains($0) },
            actual.indices.filter { !new.contains($0) }
        ) {
            partners[index] = partner
        }
        let displaced = pair(&missing) { expected[$0] == actual[$1] }
        isReordered = displaced
        _ = pair(&missing) { expected[$0].name == actual[$1].name }
    }

    /// Pairs those of `missing` with those of ``extra`` that match; whether there were any.
    private mutating func pair(_ missing: inout [Int], _ matches: (Int, Int) -> Bool) -> Bool {
        let before = missing.count
        missing.removeAll { index in
            guard let found = extra.firstIndex(where: { matches(index, $0) }) else { return false }
            partners[index] = extra.remove(at: found)
            return true
        }
        return missing.count < before
    }

    private static func offset(_ change: CollectionDifference<ExpandedName>.Change) -> Int {
        switch change {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }
}
