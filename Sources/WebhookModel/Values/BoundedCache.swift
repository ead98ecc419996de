/// Values by their keys, up to a number. For one more, the value that was used longest ago goes.
///
/// Its members are public and can be inlined, so that other modules get code of their own for their types of keys and values.
/// The compiler makes no such code of `package` members, and code without the types costs several times as much.
public struct BoundedCache<Key: Hashable, Value> {
    /// An entry is linked to the ones that were used just before and just after it.
    @usableFromInline
    struct Entry {
        @usableFromInline var key: Key
        @usableFromInline var value: Value
        @usableFromInline var older: Int?
        @usableFromInline var newer: Int?

        @inlinable
        init(key: Key, value: Value) {
            (self.key, self.value) = (key, value)
        }
    }

    /// How many values are kept.
    public let capacity: Int
    @usableFromInline var entries: [Entry] = []
    @usableFromInline var indices: [Key: Int] = [:]
    @usableFromInline var oldest: Int?
    @usableFromInline var newest: Int?

    /// Creates an empty cache.
    ///
    /// - Parameter capacity: How many values are kept; at least one.
    @inlinable
    public init(capacity: Int) {
        precondition(capacity > 0, "a cache must have room for one value")
        self.capacity = capacity
    }

    /// How many values there are.
    @inlinable public var count: Int { entries.count }

    /// The value of a key. Reading it uses it, and so does replacing it.
    @inlinable
    public subscript(key: Key) -> Value? {
        mutating get {
            guard let index = indices[key] else { return nil }
            use(index)
            return entries[index].value
        }
    }

    /// Sets the value of a key.
    @inlinable
    public mutating func insert(_ value: Value, for key: Key) {
        if let index = indices[key] {
            entries[index].value = value
            return use(index)
        }
        let entry = Entry(key: key, value: value)
        let index: Int
        if entries.count >= capacity, let oldest {
            index = oldest
            unlink(index)
            indices[entries[index].key] = nil
            entries[index] = entry
        } else {
            index = entries.count
            entries.append(entry)
        }
        indices[key] = index
        linkAsNewest(index)
    }

    /// Removes every value.
    @inlinable
    public mutating func removeAll() {
        self = BoundedCache(capacity: capacity)
    }

    @inlinable
    mutating func use(_ index: Int) {
        guard index != newest else { return }
        unlink(index)
        linkAsNewest(index)
    }

    @inlinable
    mutating func unlink(_ index: Int) {
        let (older, newer) = (entries[index].older, entries[index].newer)
        if let older { entries[older].newer = newer } else { oldest = newer }
        if let newer { entries[newer].older = older } else { newest = older }
    }

    @inlinable
    mutating func linkAsNewest(_ index: Int) {
        entries[index].older = newest
        entries[index].newer = nil
        if let newest { entries[newest].newer = index } else { oldest = index }
        newest = index
    }
}
