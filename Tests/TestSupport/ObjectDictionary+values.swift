package import WebhookModel

extension ObjectDictionary {
    /// The value of a name, nil when it has none.
    package subscript(key: String) -> TypedValue? {
        entries.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }
}
