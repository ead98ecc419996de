/// `StringDictionary`: names and texts, in the order they were sent.
package struct StringDictionary: Sendable, Hashable, Codable {
    /// One name with its text; null is kept apart from empty.
    package struct Entry: Sendable, Hashable, Codable {
        package var key: String
        package var value: String?

        package init(key: String, value: String?) {
            self.key = key
            self.value = value
        }
    }

    package var entries: [Entry]

    package init(_ entries: [Entry] = []) {
        self.entries = entries
    }
}
