import Text

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
            (self.key, self.value) = (key, value)
        }
    }

    /// In the order they were sent.
    package var entries: [Entry]

    /// The entries as they are.
    package init(_ entries: [Entry] = []) {
        self.entries = entries
    }
}

extension StringDictionary? {
    /// Whether both hold the same characters in the same order, or are nil.
    package func isSame(as other: StringDictionary?) -> Bool {
        guard let own = self, let other else { return self == nil && other == nil }
        return own.entries.count == other.entries.count
            && zip(own.entries, other.entries).allSatisfy { $0.key.isSame(as: $1.key) && $0.value.isSame(as: $1.value) }
    }
}
