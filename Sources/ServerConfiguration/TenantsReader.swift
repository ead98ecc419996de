import AgentCore
import Cryptography
import Foundation
import JSON
import Text
import WebhookModel

/// Reads `tenants` of the configuration file and notes everything that is wrong, each with its place:
/// `tenants[0].users[1].passwordHash`.
struct TenantsReader {
    private(set) var problems: [SettingsError] = []
    /// What `file:` references are relative to.
    let directory: URL

    init(directory: URL) {
        self.directory = directory
    }

    /// What of a hosted path could not be told from a tenant.
    private static let reservedNames: Set = ["remote", "api", "admin", "metrics", "healthz", "readyz"]

    /// What is wrong with tenants on an installation of that kind.
    static func problems(of tenants: [Tenant], kind: Installation.Kind) -> [SettingsError] {
        guard kind == .hosted else {
            let isFine = tenants.count == 1 && ["", Installation.defaultTenant].contains(tenants[0].id)
            let problem = "on-site there is one tenant, '\(Installation.defaultTenant)'"
            return isFine ? [] : [SettingsError("tenants", problem)]
        }
        return tenants.enumerated().flatMap { index, tenant in
            let place = "tenants[\(index)]"
            let nameless = tenant.accessTokens.indices.filter { tenant.accessTokens[$0].application == nil }
            return
                (tenant.id.isEmpty
                ? [SettingsError("\(place).id", "on a hosted installation every tenant needs one of its own")] : [])
                + nameless.map {
                    SettingsError(
                        "\(place).accessTokens[\($0)].application",
                        "it is missing; on a hosted installation an access token names the application whose webhooks it sees"
                    )
                }
        }
    }

    mutating func tenants(_ value: JSONValue) -> [Tenant] {
        let tenants = objects(value, "tenants").map { ($0.place, tenant($0.members, $0.place)) }
        checkUnique(tenants, "id") { $0.id.lowercased() }
        return tenants.map(\.1)
    }

    private mutating func tenant(_ members: [String: JSONValue], _ place: String) -> Tenant {
        checkNames(members, place, ["id", "applications", "users", "accessTokens"])
        let id = text(members, "id", place) ?? ""
        if members["id"] != nil, !Self.isIdentifier(id) {
            refuse(
                "\(place).id",
                "it must be 1 to 64 ASCII letters, digits, '-' or '_', and no name of ours such as api"
            )
        }
        let users = list(members, "users", place).map { ($0.place, user($0.members, $0.place)) }
        checkUnique(users, "name") { $0.name.caseFolded }
        let applications = list(members, "applications", place).map { place, members in
            checkNames(members, place, ["token", "name"])
            let application = Application(
                token: required(secret(members, "token", place), "\(place).token"),
                name: required(text(members, "name", place), "\(place).name")
            )
            return (place, application)
        }
        checkUnique(applications, "name") { $0.name }
        checkUnique(applications, "token") { $0.token }
        let accessTokens = list(members, "accessTokens", place).map { place, members in
            checkNames(members, place, ["token", "user", "application"])
            let user = required(text(members, "user", place), "\(place).user")
            if !user.isEmpty, !users.contains(where: { $0.1.name.caseFolded == user.caseFolded }) {
                refuse("\(place).user", "the tenant has no user '\(user)'")
            }
            let token = required(secret(members, "token", place), "\(place).token")
            if token.hasPrefix(Ticket.prefix) {
                refuse("\(place).token", "it begins with '\(Ticket.prefix)', as tickets do, and would be taken for one")
            }
            let application = text(members, "application", place)
            if let application, !applications.contains(where: { $0.1.name == application }) {
                refuse("\(place).application", "the tenant has no application named '\(application)'")
            }
            return (place, AccessToken(token: token, user: user, application: application))
        }
        checkUnique(accessTokens, "token") { $0.token }
        return Tenant(
            id: id,
            applications: applications.map(\.1),
            users: users.map(\.1),
            accessTokens: accessTokens.map(\.1)
        )
    }

    private mutating func user(_ members: [String: JSONValue], _ place: String) -> User {
        checkNames(
            members,
            place,
            [
                "name", "passwordHash", "associateId", "fullName", "personId", "groupId", "rights", "email",
                "contactId", "countryId", "homeCountryId", "businessId", "categoryId", "roleId", "roleName",
                "roleDescription", "secondaryGroups",
            ]
        )
        let name = required(text(members, "name", place), "\(place).name")
        if name.trimmingCharacters(in: .whitespaces) != name || name.contains(":") {
            refuse(
                "\(place).name",
                "it begins or ends with a space, or holds ':', which Basic credentials cannot carry"
            )
        }
        let hash = required(secret(members, "passwordHash", place), "\(place).passwordHash")
        if !hash.isEmpty, PasswordHash(hash) == nil {
            refuse("\(place).passwordHash", "it is not what 'webhook-svc hash-password' prints")
        }
        var associate = Associate(
            associateID: number(members, "associateId", place) ?? 0,
            name: name,
            personID: number(members, "personId", place) ?? 0,
            groupIndex: number(members, "groupId", place) ?? 0,
            fullName: text(members, "fullName", place) ?? name,
            userName: name
        )
        if members["associateId"] == nil {
            refuse("\(place).associateId", "it is missing")
        } else if associate.associateID == 0, case .number("0")? = members["associateId"] {
            refuse("\(place).associateId", "it must be more than 0")
        }
        associate.formalName = associate.fullName
        var principal = Principal(associate: associate)
        principal.emailAddress = text(members, "email", place) ?? ""
        principal.contactID = number(members, "contactId", place) ?? 0
        principal.countryID = number(members, "countryId", place) ?? 0
        principal.homeCountryID = number(members, "homeCountryId", place) ?? 0
        principal.businessID = number(members, "businessId", place) ?? 0
        principal.categoryID = number(members, "categoryId", place) ?? 0
        principal.roleID = number(members, "roleId", place) ?? 0
        principal.roleName = text(members, "roleName", place) ?? ""
        principal.roleDescription = text(members, "roleDescription", place) ?? ""
        principal.secondaryGroups = items(members, "secondaryGroups", place).compactMap { place, value in
            guard case .number(let text) = value, let group = Int32(text) else {
                refuse(place, "it must be a whole number")
                return nil
            }
            return group
        }
        return User(passwordHash: hash, rights: rights(members, place), principal: principal)
    }

    private mutating func rights(_ members: [String: JSONValue], _ place: String) -> Set<Right> {
        Set(
            items(members, "rights", place).compactMap { place, value in
                guard case .string(let name) = value, let right = Right(rawValue: name) else {
                    let names = Right.allCases.map(\.rawValue).joined(separator: ", ")
                    refuse(place, "it must be one of: \(names)")
                    return nil
                }
                return right
            }
        )
    }

    static func isIdentifier(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && !reservedNames.contains(text.lowercased())
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    // MARK: Values

    private mutating func refuse(_ place: String, _ problem: String) {
        problems.append(SettingsError(place, problem))
    }

    private mutating func required(_ value: String?, _ place: String) -> String {
        guard let value else {
            if !problems.contains(where: { $0.setting == place }) { refuse(place, "it is missing") }
            return ""
        }
        if value.isEmpty { refuse(place, "it is empty") }
        return value
    }

    private mutating func text(_ members: [String: JSONValue], _ name: String, _ place: String) -> String? {
        switch members[name] {
        case nil: return nil
        case .string(let text) where text.unicodeScalars.contains { $0.properties.generalCategory == .control }:
            refuse("\(place).\(name)", "it holds a control character")
            return nil
        case .string(let text): return text
        default:
            refuse("\(place).\(name)", "it must be text")
            return nil
        }
    }

    private mutating func secret(_ members: [String: JSONValue], _ name: String, _ place: String) -> String? {
        guard let text = text(members, name, place) else { return nil }
        do {
            return try SecretReference.resolve(text, relativeTo: directory)
        } catch {
            refuse("\(place).\(name)", error.problem)
            return nil
        }
    }

    private mutating func number(_ members: [String: JSONValue], _ name: String, _ place: String) -> Int32? {
        guard let value = members[name] else { return nil }
        guard case .number(let text) = value, let number = Int32(text), number >= 0 else {
            refuse("\(place).\(name)", "it must be a whole number from 0 to \(Int32.max)")
            return nil
        }
        return number
    }

    private mutating func items(
        _ members: [String: JSONValue],
        _ name: String,
        _ place: String
    ) -> [(place: String, value: JSONValue)] {
        guard let value = members[name] else { return [] }
        return items(value, "\(place).\(name)")
    }

    private mutating func items(_ value: JSONValue, _ place: String) -> [(place: String, value: JSONValue)] {
        guard case .array(let values) = value else {
            refuse(place, "it must be an array")
            return []
        }
        return values.enumerated().map { ("\(place)[\($0)]", $1) }
    }

    private mutating func list(
        _ members: [String: JSONValue],
        _ name: String,
        _ place: String
    ) -> [(place: String, members: [String: JSONValue])] {
        members[name].map { objects($0, "\(place).\(name)") } ?? []
    }

    private mutating func objects(
        _ value: JSONValue,
        _ place: String
    ) -> [(place: String, members: [String: JSONValue])] {
        items(value, place).compactMap { place, value in
            guard case .object(let members) = value else {
                refuse(place, "it must be an object")
                return nil
            }
            return (place, Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }))
        }
    }

    private mutating func checkNames(_ members: [String: JSONValue], _ place: String, _ names: Set<String>) {
        for name in members.keys.sorted() where !names.contains(name) {
            refuse("\(place).\(name)", "there is no such member; there are \(names.sorted().joined(separator: ", "))")
        }
    }

    /// Two of the same cannot be told apart. What is missing has been named already.
    private mutating func checkUnique<Item>(_ items: [(String, Item)], _ name: String, _ value: (Item) -> String) {
        var seen: [String: String] = [:]
        for (place, item) in items where !value(item).isEmpty {
            if let first = seen[value(item)] {
                refuse("\(place).\(name)", "it is the same as that of \(first)")
            } else {
                seen[value(item)] = place
            }
        }
    }
}
