import Text

/// What a client that saves a webhook leaves as it is, although it sends it otherwise.
extension Webhook {
    /// Takes the white space off the names in it, which is no part of them: the items of Events, and Type.
    package mutating func trimNames() {
        events = events?.map { $0?.trimmingSpace }
        type = type?.trimmingSpace
    }

    /// The texts that stand for themselves.
    private static let texts: [any WritableKeyPath<Webhook, String?> & Sendable] = [
        \.name, \.targetURL, \.secret, \.type, \.extras.errorsEmail, \.extras.description,
    ]

    /// Puts the stored text in place of every text that comes back as XML clients are shown it. Properties are restored
    /// with their types (``ObjectDictionary/adoptingTypes(of:)``).
    package mutating func restoreTexts(of stored: Webhook) {
        StoredTexts.restore(Self.texts, in: &self, of: stored)
        events = events.map { StoredTexts((stored.events ?? []).compactMap(\.self)).restored($0) }
        extras.errorEmails = extras.errorEmails.map {
            StoredTexts((stored.extras.errorEmails ?? []).compactMap(\.self)).restored($0)
        }
        extras.errorAssociates = ListItem.restoringTexts(extras.errorAssociates, of: stored.extras.errorAssociates)
        restoreHeaders(of: stored.headers?.entries ?? [])
    }

    /// By name: of those that are there twice, each by its place among them.
    private mutating func restoreHeaders(of stored: [StringDictionary.Entry]) {
        var values: [ExactText: [String?]] = [:]
        for entry in stored.reversed() { values[ExactText(entry.key), default: []].append(entry.value) }
        for (index, entry) in (headers?.entries ?? []).enumerated() {
            guard let kept = values[ExactText(entry.key)]?.popLast() ?? nil, entry.value?.repeats(kept) ?? false else {
                continue
            }
            headers?.entries[index].value = kept
        }
    }

    /// Whether a text may be one that the client was shown in place of what is stored.
    package var mayBeRestored: Bool {
        let texts = Self.texts.map { self[keyPath: $0] } + (headers?.entries ?? []).map(\.value)
        return texts.contains { $0?.unicodeScalars.contains("\u{FFFD}") ?? false }
    }
}

extension ListItem {
    private static let texts: [any WritableKeyPath<ListItem, String?> & Sendable] = [
        \.name, \.toolTip, \.type, \.iconHint, \.extraInfo, \.styleHint, \.fullName,
    ]

    /// Items are the same by their ids.
    fileprivate static func restoringTexts(_ items: [ListItem]?, of stored: [ListItem]?) -> [ListItem]? {
        let known = Dictionary((stored ?? []).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        return items?.map { item in
            guard let kept = known[item.id] else { return item }
            var item = item
            StoredTexts.restore(Self.texts, in: &item, of: kept)
            item.childItems = restoringTexts(item.childItems, of: kept.childItems)
            return item
        }
    }
}
