/// What webhooks have got since Services87: whom NetServer tells of a webhook's errors, and how. It is kept for clients and
/// shown to them; nobody is told here.
package struct WebhookExtras: Sendable, Hashable, Codable {
    /// An address that is told when the webhook stops for too many errors; NetServer's successor of it is ``errorEmails``.
    package var errorsEmail: String?
    /// Addresses that are told.
    package var errorEmails: [String?]?
    /// Users that are told.
    package var errorAssociates: [ListItem]?
    /// The purpose of the webhook, for people.
    package var description: String?
    /// How they are told.
    package var notifyVia: NotifyVia = []
    /// When they are told.
    package var notifyWhen: NotifyWhen = []

    /// No extras.
    package init() {}
}

/// The members of a webhook that its sender's contract has. A save keeps the stored values of all others.
package enum KnownMembers: Int, Sendable, Comparable {
    /// The members of Services87 and earlier ones: no ``WebhookExtras``.
    case of87
    /// Those and ``WebhookExtras/errorsEmail``.
    case of88
    /// All, as REST has them.
    case all

    package static func < (left: KnownMembers, right: KnownMembers) -> Bool { left.rawValue < right.rawValue }
}

/// `MDOListItem`: an item of one of NetServer's lists, such as the list of users.
package struct ListItem: Sendable, Hashable, Codable {
    /// Primary key of what the item stands for.
    package var id: Int32
    /// What it is called.
    package var name: String?
    /// What is shown beside the name.
    package var toolTip: String?
    /// Whether it has been retired.
    package var deleted = false
    /// Place in the list.
    package var rank: Int32 = 0
    /// What kind of item it is.
    package var type: String?
    /// The items below it.
    package var childItems: [ListItem]?
    /// What icon it has.
    package var iconHint: String?
    /// What colour it has.
    package var colorBlock: Int32 = 0
    /// Whatever else the list says of it.
    package var extraInfo: String?
    /// What style it has.
    package var styleHint: String?
    /// The name with those of the items above it.
    package var fullName: String?

    /// An item of which nothing but the key is known.
    package init(id: Int32) {
        self.id = id
    }

    /// This item and all below it, and every text in them.
    package var contents: (items: Int, texts: [String]) {
        let own = [name, toolTip, type, iconHint, extraInfo, styleHint, fullName].compactMap(\.self)
        return (childItems ?? []).map(\.contents).reduce((1, own)) { ($0.0 + $1.items, $0.1 + $1.texts) }
    }
}

/// Flags that have names on the wire.
package protocol NamedFlags: OptionSet, Sendable, Hashable, Codable where RawValue == Int16, Element == Self {
    /// Every flag with its name.
    static var names: [(name: String, flag: Self)] { get }
}

extension NamedFlags {
    /// The names, separated by a comma and a space as .NET writes them; `None` when no flag is set.
    package var text: String {
        let set = Self.names.filter { contains($0.flag) }.map(\.name)
        return set.isEmpty ? "None" : set.joined(separator: ", ")
    }

    /// The flags that a text names in any case, separated by commas or white space, or that a number is the sum of; nil for
    /// a text that names something else.
    package init?(text: String) {
        let all = Self(Self.names.map(\.flag))
        if let number = Int16(text) {
            guard number & ~all.rawValue == 0 else { return nil }
            self.init(rawValue: number)
            return
        }
        var flags: Self = []
        for word in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) where word.lowercased() != "none" {
            guard let named = Self.names.first(where: { $0.name.lowercased() == word.lowercased() }) else { return nil }
            flags.formUnion(named.flag)
        }
        self = flags
    }

    /// What ``init(text:)`` takes, for those who sent something else.
    package static var choices: String {
        "None (0)" + names.map { ", \($0.name) (\($0.flag.rawValue))" }.joined() + ", or several, separated by commas"
    }
}

/// `WebhookNotifyVia`: how those who are to know of a webhook's errors are told.
package struct NotifyVia: NamedFlags {
    package let rawValue: Int16

    package init(rawValue: Int16) { self.rawValue = rawValue }

    /// By e-mail.
    package static let email = NotifyVia(rawValue: 1)
    /// In the application.
    package static let inApp = NotifyVia(rawValue: 2)

    package static let names: [(name: String, flag: NotifyVia)] = [("Email", .email), ("InApp", .inApp)]
}

/// `WebhookNotifyWhen`: when they are told.
package struct NotifyWhen: NamedFlags {
    package let rawValue: Int16

    package init(rawValue: Int16) { self.rawValue = rawValue }

    /// At the first failure.
    package static let firstFailure = NotifyWhen(rawValue: 1)
    /// When the webhook stops for too many errors.
    package static let disabling = NotifyWhen(rawValue: 2)

    package static let names: [(name: String, flag: NotifyWhen)] = [
        ("FirstFailure", .firstFailure), ("Disabling", .disabling),
    ]
}
