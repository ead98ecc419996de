/// `StringDictionary`: names and texts, in the order they were sent.
package struct StringDictionary: Sendable, Hashable, Codable {
    /// One name with its text; null is kept apart from empty.
    package struct Entry: Sendable, Hashable, Codable {
        /// The name.
        package var key: String
        /// The text.
        package var value: String?

        /// One name with its text.
        package init(key: String, value: String?) {
            self.key = key
            self.value = value
        }
    }

    /// In the order they were sent.
    package var entries: [Entry]

    /// The entries as they are.
    package init(_ entries: [Entry] = []) {
        self.entries = entries
    }
}
