import Text

/// What the operations of a patch do to a value in place. Each step down costs the same however many members there are.
extension JSONValue {
    /// Calls `body` with what the tokens lead to. Returns nil when there is nothing.
    mutating func change<Result>(at tokens: ArraySlice<String>, _ body: (inout JSONValue) -> Result) -> Result? {
        guard let token = tokens.first else { return body(&self) }
        if var items = takenItems() {
            defer { self = .array(items) }
            guard let index = Self.index(token, below: items.count) else { return nil }
            return items[index].change(at: tokens.dropFirst(), body)
        }
        guard var object = takenObject() else { return nil }
        defer { self = .object(object) }
        object.makeIndex()
        guard let place = object.place(of: token) else { return nil }
        return object.change(at: place) { $0.change(at: tokens.dropFirst(), body) } ?? nil
    }

    /// The items of an array, in whose place a null is left: they are not shared then, and need not be copied when they
    /// are changed.
    private mutating func takenItems() -> [JSONValue]? {
        guard case .array(let items) = self else { return nil }
        self = .null
        return items
    }

    /// The members of an object, in whose place a null is left.
    private mutating func takenObject() -> JSONObject? {
        guard case .object(let object) = self else { return nil }
        self = .null
        return object
    }

    /// Takes another value; an array takes a value that is no array as its last item.
    mutating func put(_ value: JSONValue) {
        guard value.isSingle, var items = takenItems() else {
            self = value
            return
        }
        items.append(value)
        self = .array(items)
    }

    /// Adds a member, or inserts an item; what is there under the name takes the value (see ``put(_:)``). A null becomes
    /// the array or object that the token needs: it is where a webhook has no headers, properties or events.
    ///
    /// - Returns: Whether `token` can name something here.
    mutating func add(_ value: JSONValue, at token: String) -> Bool {
        if case .null = self {
            // All that an empty array has a place for. Any other index is as well a name.
            self = token == "-" || token == "0" ? .array([]) : .object([:])
        }
        if var items = takenItems() {
            defer { self = .array(items) }
            guard let index = token == "-" ? items.count : Self.index(token, below: items.count + 1) else {
                return false
            }
            items.insert(value, at: index)
            return true
        }
        guard var object = takenObject() else { return false }
        defer { self = .object(object) }
        object.makeIndex()
        if let place = object.place(of: token) {
            _ = object.change(at: place) { $0.put(value) }
        } else {
            object.append(value, named: token)
        }
        return true
    }

    /// Removes a member or an item.
    ///
    /// - Returns: Whether there was one.
    mutating func remove(_ token: String) -> Bool {
        if var items = takenItems() {
            defer { self = .array(items) }
            guard let index = Self.index(token, below: items.count) else { return false }
            items.remove(at: index)
            return true
        }
        guard var object = takenObject() else { return false }
        defer { self = .object(object) }
        object.makeIndex()
        guard let place = object.place(of: token) else { return false }
        object.remove(at: place)
        return true
    }

    /// Whether this is equal to `other` (RFC 6902, section 4.6): numbers by value, strings and names to the letter, members
    /// in any order.
    func equals(_ other: JSONValue) -> Bool {
        switch (self, other) {
        case (.number(let own), .number(let other)): return DecimalValue.areEqual(own, other)
        // Swift's own comparison takes é for e and an accent.
        case (.string(let own), .string(let other)): return own.isSame(as: other)
        case (.array(let items), .array(let others)):
            return items.count == others.count && zip(items, others).allSatisfy { $0.equals($1) }
        case (.object(let object), .object(let other)):
            guard object.count == other.count else { return false }
            let others = Dictionary(other.map { (ExactText($0.name), $0.value) }, uniquingKeysWith: { $1 })
            return object.allSatisfy { others[ExactText($0.name)]?.equals($0.value) ?? false }
        default: return self == other
        }
    }

    /// Whether this is one value that an array can take as its next item; null rather clears the array.
    var isSingle: Bool {
        switch self {
        case .null, .array: false
        case .bool, .number, .string, .object: true
        }
    }

    /// An array index (RFC 6901, section 4: no sign and no leading zeros), nil when it is none below `end`.
    private static func index(_ token: String, below end: Int) -> Int? {
        let isNumber = token.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumber, token == "0" || token.utf8.first != UInt8(ascii: "0"),
            let index = Int(token), index < end
        else { return nil }
        return index
    }
}
