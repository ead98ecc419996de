import Text

/// The members of a JSON object in their order, each found by its name.
///
/// An object of many members makes an index of their names when it is changed: a thousand changes to an object of a
/// hundred thousand members must not look through them all a thousand times.
package struct JSONObject: Sendable, Sequence {
    /// One member of an object.
    package struct Member: Sendable, Hashable {
        /// The name as it was written, escapes resolved.
        package let name: String
        /// The value.
        package var value: JSONValue

        /// Creates a member.
        package init(name: String, value: JSONValue) {
            (self.name, self.value) = (name, value)
        }
    }

    /// nil where a member was removed, so that the other members keep their places.
    private var entries: [Member?] = []
    /// The index by exact spelling; nil for an object of few members.
    private var places: [ExactText: Int]?
    /// The index by name in any case: the places of names that differ in case only, in their order.
    private var placesInAnyCase: [CaseInsensitiveName: [Int]]?

    private static let maximumWithoutIndex = 32

    /// Creates an object without members.
    package init() {}

    /// Creates an object of members as they are. Of several of one name the last is found, as in a form that names a
    /// header twice.
    package init(members: [Member]) {
        entries = members
    }

    /// Creates an object of names and values. A repeated name keeps its first place and its last value.
    package init(_ members: some Sequence<(String, JSONValue)>) {
        for (name, value) in members { append(value, named: name) }
    }

    package func makeIterator() -> some IteratorProtocol<Member> {
        entries.lazy.compactMap(\.self).makeIterator()
    }

    /// How many members there are.
    package var count: Int { entries.count { $0 != nil } }

    /// The value of the member of that name: in this spelling or else in any case; of several the last.
    package subscript(name: String) -> JSONValue? {
        place(of: name).flatMap { entries[$0]?.value }
    }

    /// Whether there is a member of that name in this spelling.
    package func contains(spelling name: String) -> Bool {
        place(ofSpelling: name) != nil
    }

    /// Adds a member at the end, or gives the member of the very same name the value.
    package mutating func append(_ value: JSONValue, named name: String) {
        if places == nil, entries.count >= Self.maximumWithoutIndex { indexSpellings() }
        if let place = place(ofSpelling: name) {
            entries[place]?.value = value
            return
        }
        places?[ExactText(name)] = entries.count
        placesInAnyCase?[CaseInsensitiveName(name), default: []].append(entries.count)
        entries.append(Member(name: name, value: value))
    }

    /// The place of the member of that name: in this spelling or else in any case; of several the last. It stays the
    /// member's place until the member is removed.
    func place(of name: String) -> Int? {
        if let place = place(ofSpelling: name) { return place }
        let name = CaseInsensitiveName(name)
        if let placesInAnyCase { return placesInAnyCase[name]?.last }
        return entries.lastIndex { $0.map { name.matches($0.name) } ?? false }
    }

    private func place(ofSpelling name: String) -> Int? {
        if let places { return places[ExactText(name)] }
        return entries.lastIndex { $0?.name.isSame(as: name) ?? false }
    }

    /// Changes the value at a place, without a copy of it. Returns nil when its member was removed.
    mutating func change<Result>(at place: Int, _ body: (inout JSONValue) -> Result) -> Result? {
        guard var value = entries[place]?.value else { return nil }
        // So that `value` is not shared.
        entries[place]?.value = .null
        defer { entries[place]?.value = value }
        return body(&value)
    }

    /// Removes the member at a place.
    mutating func remove(at place: Int) {
        guard let name = entries[place]?.name else { return }
        entries[place] = nil
        places?[ExactText(name)] = nil
        placesInAnyCase?[CaseInsensitiveName(name)]?.removeAll { $0 == place }
    }

    /// Makes the index if there are many members, for a change that looks names up.
    mutating func makeIndex() {
        guard placesInAnyCase == nil, entries.count > Self.maximumWithoutIndex else { return }
        indexSpellings()
        var places: [CaseInsensitiveName: [Int]] = [:]
        for (place, entry) in entries.enumerated() {
            if let entry { places[CaseInsensitiveName(entry.name), default: []].append(place) }
        }
        placesInAnyCase = places
    }

    private mutating func indexSpellings() {
        let named = entries.enumerated().compactMap { place, entry in entry.map { (ExactText($0.name), place) } }
        places = Dictionary(named, uniquingKeysWith: { $1 })
    }
}

extension JSONObject: Hashable {
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.elementsEqual(right)
    }

    package func hash(into hasher: inout Hasher) {
        for member in self { hasher.combine(member) }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Creates an object of names, which must differ, and values.
    package init(dictionaryLiteral members: (String, JSONValue)...) {
        entries = members.map { Member(name: $0, value: $1) }
    }
}
