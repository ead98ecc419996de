/// Who registered or last changed a webhook (contract, section 3).
package struct Associate: Sendable, Hashable, Codable {
    package var associateID: Int32
    package var name: String
    package var personID: Int32
    package var rank: Int16
    package var tooltip: String
    package var type: UserType
    package var groupIndex: Int32
    package var fullName: String
    package var formalName: String
    package var deleted: Bool
    package var ejUserID: Int32
    package var userName: String

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
        self.associateID = associateID
        self.name = name
        self.personID = personID
        self.rank = rank
        self.tooltip = tooltip
        self.type = type
        self.groupIndex = groupIndex
        self.fullName = fullName
        self.formalName = formalName
        self.deleted = deleted
        self.ejUserID = ejUserID
        self.userName = userName
    }
}

/// The kind of an associate; the raw value is its name on the wire.
package enum UserType: String, Sendable, Codable, CaseIterable {
    case unknown = "Unknown"
    case internalAssociate = "InternalAssociate"
    case resourceAssociate = "ResourceAssociate"
    case externalAssociate = "ExternalAssociate"
    case anonymousAssociate = "AnonymousAssociate"
    case systemAssociate = "SystemAssociate"
}
