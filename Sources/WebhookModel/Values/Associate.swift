/// Who registered or last changed a webhook (docs/contract.md#section-3).
package struct Associate: Sendable, Hashable, Codable {
    /// Primary key of the associate.
    package var associateID: Int32
    /// The short name, such as initials.
    package var name: String
    /// Primary key of the person.
    package var personID: Int32
    /// Place in lists.
    package var rank: Int16
    /// What is shown beside the name.
    package var tooltip: String
    /// What kind of user it is.
    package var type: UserType
    /// Primary key of the user group.
    package var groupIndex: Int32
    /// First and last name.
    package var fullName: String
    /// The name with title.
    package var formalName: String
    /// Whether the associate has been retired.
    package var deleted: Bool
    /// Primary key of the service user, 0 for none.
    package var ejUserID: Int32
    /// What the user logs in with.
    package var userName: String

    /// Creates an associate.
    package init(
        associateID: Int32,
        name: String,
        personID: Int32 = 0,
        rank: Int16 = 0,
        tooltip: String = "",
        type: UserType = .internalAssociate,
        groupIndex: Int32 = 0,
        fullName: String,
        formalName: String = "",
        deleted: Bool = false,
        ejUserID: Int32 = 0,
        userName: String
    ) {
        (self.associateID, self.name, self.personID, self.rank) = (associateID, name, personID, rank)
        (self.tooltip, self.type, self.groupIndex) = (tooltip, type, groupIndex)
        (self.fullName, self.formalName, self.deleted) = (fullName, formalName, deleted)
        (self.ejUserID, self.userName) = (ejUserID, userName)
    }
}

/// The kind of an associate, as the WSDL names them; the raw value is the name on the wire.
package enum UserType: String, Sendable, Codable, CaseIterable {
    case unknown = "Unknown"
    case internalAssociate = "InternalAssociate"
    case resourceAssociate = "ResourceAssociate"
    case externalAssociate = "ExternalAssociate"
    case anonymousAssociate = "AnonymousAssociate"
    case systemAssociate = "SystemAssociate"
}
