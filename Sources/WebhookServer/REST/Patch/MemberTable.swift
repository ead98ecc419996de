import AgentCore
import Text

/// The members of an object that is being changed, found by name through an index: a thousand changes to an object of
/// a hundred thousand members must not look through them all a thousand times.
struct MemberTable<Value> {
    private var entries: [Entry?] = []
    private var places: [[UInt8]: Int] = [:]
    /// Of names that differ in case only, in the order of their places.
    private var placesInAnyCase: [AnyCaseName: [Int]] = [:]

    private struct Entry {
        let name: String
        var value: Value
    }

    /// How many members there are.
    var count: Int { places.count }

    /// Names with their values, in the order in which they were appended.
    var members: [(name: String, value: Value)] {
        entries.compactMap { $0.map { ($0.name, $0.value) } }
    }

    /// The place of the member of that name: in this spelling or else in any case; of several the last. It stays the
    /// member's place until the member is removed.
    func place(of name: String) -> Int? {
        place(ofSpelling: name) ?? placesInAnyCase[AnyCaseName(name)]?.last
    }

    /// The place of the member of that name in this spelling.
    func place(ofSpelling name: String) -> Int? {
        places[Array(name.utf8)]
    }

    /// The value at a place; nil when its member was removed.
    func value(at place: Int) -> Value? {
        entries[place]?.value
    }

    /// Gives the member at a place another value.
    mutating func set(_ value: Value, at place: Int) {
        entries[place]?.value = value
    }

    /// Adds a member at the end; one of the very same name gets the value instead.
    mutating func append(_ value: Value, named name: String) {
        if let place = place(ofSpelling: name) { return set(value, at: place) }
        places[Array(name.utf8)] = entries.count
        placesInAnyCase[AnyCaseName(name), default: []].append(entries.count)
        entries.append(Entry(name: name, value: value))
    }

    /// Removes the member at a place.
    mutating func remove(at place: Int) {
        guard let name = entries[place]?.name else { return }
        entries[place] = nil
        places[Array(name.utf8)] = nil
        placesInAnyCase[AnyCaseName(name)]?.removeAll { $0 == place }
    }
}
