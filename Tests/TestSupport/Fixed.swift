package import FoundationEssentials
package import WebhookModel

/// What does not change from test to test.
package enum Fixed {
    /// The id of an event.
    package static let id = UUID(uuid: (1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16))
    /// The text of ``id``.
    package static let idText = "01020304-0506-4708-890a-0b0c0d0e0f10"
    /// A moment with a fraction of a second.
    package static let time = Timestamp(ticks: 17_092_098_151_234_500)
    /// An associate.
    package static let anna = Associate(associateID: 7, name: "ANNA", fullName: "Anna Ek", userName: "anna")
    /// Another associate.
    package static let bert = Associate(associateID: 8, name: "BERT", fullName: "Bert Bok", userName: "bert")

    /// A webhook that nothing is wrong with.
    package static var webhook: Webhook {
        var webhook = Webhook()
        webhook.name = "Hook"
        webhook.events = ["contact.created"]
        webhook.targetURL = "https://example.com/hook"
        return webhook
    }

    /// The body of the test event for `webhook` by Anna.
    package static let testBody = """
        {"EventId":"\(idText)","Timestamp":"2024-02-29T12:30:15.12345Z","Changes":[],"Event":"test","PrimaryKey":0,\
        "Entity":"test","ContextIdentifier":"Default","ChangedByAssociateId":7,"WebhookName":"Hook"}
        """
}
