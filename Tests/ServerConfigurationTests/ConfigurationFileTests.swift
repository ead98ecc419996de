import AgentCore
import Configuration
import Cryptography
import Foundation
import HTTPServing
import ServerConfiguration
import StoreContracts
import Testing
import WebhookModel

/// The configuration file: what it may hold, and that everything wrong with it is named with its place.
@Suite("Configuration file")
struct ConfigurationFileTests {
    static let hash = PasswordHash.cheap(ofPassword: "x").description

    /// Writes `files` into a directory of their own, which exists only during `body`.
    static func withFiles<R>(_ files: [String: String], _ body: (URL) async throws -> R) async throws -> R {
        let directory = FileManager.default.temporaryDirectory.appending(path: "config-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in files { try Data(text.utf8).write(to: directory.appending(path: name)) }
        return try await body(directory)
    }

    static func problems(_ text: String) async throws -> [String] {
        try await withFiles(["c.json": text]) { directory in
            await ConfigurationFile.check(path: directory.appending(path: "c.json").path).problems.map(\.description)
        }
    }

    /// A hosted installation of one tenant with these members.
    static func hosted(_ members: String) -> String {
        #"{"installation": "hosted", "tenants": [{"id": "Cust1", \#(members)}]}"#
    }

    static func user(_ members: String = "") -> String {
        #"{"name": "anna", "passwordHash": "\#(hash)", "associateId": 5\#(members)}"#
    }

    @Test(
        "What is not a JSON object is refused, and so is a file that is not there",
        arguments: [
            ("[1]", "is not a JSON object"),
            ("7", "is not a JSON object"),
            ("", "is not JSON: The JSON text is empty."),
            ("{\n  \"dev\": true,\n", "is not JSON: line 3, column 1: a name is expected, not the end of the text"),
            ("{\"adminToken\": hidden}", "is not JSON: line 1, column 16: this is no JSON value; text needs quotes"),
            ("{\"dev\": true,\n \"dev\": false}", "is not JSON: line 2, column 2: the member 'dev' is there twice"),
            (
                hosted(#""users": [{"name": "a", "name": "b"}]"#),
                "the member 'name' is there twice"
            ),
        ]
    )
    func noObject(text: String, problem: String) async throws {
        let problems = try await Self.problems(text)
        #expect(problems.count == 1)
        #expect(problems.first?.contains(problem) == true, "\(problems)")
        #expect(problems.first?.contains("hidden") == false)
        #expect(await ConfigurationFile.check(path: "/no/such/file").problems.map(\.setting) == ["config"])
    }

    @Test("Settings are read by name, tenants beside them")
    func reads() async throws {
        let members = #", "fullName": "Anna Berg", "personId": 12, "groupId": 1, "rights": ["webhooks"]"#
        let user = Self.user(members + #", "email": "a@b", "secondaryGroups": [2]"#)
        let text = #"""
            {"listen": "127.0.0.1:5", "dev": true, "retryCycles": 2, "installation": "hosted", "tenants": [
                {"id": "Cust1", "applications": [{"token": "t", "name": "ERP"}], "users": [\#(user)],
                 "accessTokens": [{"token": "8A:x", "user": "ANNA", "application": "ERP"}]}]}
            """#
        try await Self.withFiles(["c.json": text]) { directory in
            let file = try ConfigurationFile(path: directory.appending(path: "c.json").path)
            #expect(file.problems == [])
            #expect(file.values.count == 4)
            let tenant = try #require(file.tenants?.first)
            #expect(tenant.id == "Cust1")
            #expect(tenant.applications == [Application(token: "t", name: "ERP")])
            #expect(tenant.accessTokens == [AccessToken(token: "8A:x", user: "ANNA", application: "ERP")])
            let user = try #require(tenant.users.first)
            #expect(user.rights == [.webhooks])
            #expect(user.principal.associate.fullName == "Anna Berg")
            #expect(user.principal.associate.personID == 12)
            #expect(user.principal.associate.groupIndex == 1)
            #expect(user.principal.emailAddress == "a@b")
            #expect(user.principal.secondaryGroups == [2])
        }
    }

    @Test("Comments may stand between the members")
    func comments() async throws {
        #expect(try await Self.problems("{ // where\n \"listen\": \"127.0.0.1:5\", /* how */ \"dev\": true }") == [])
    }

    @Test("A user without rights has none")
    func noRights() async throws {
        try await Self.withFiles(["c.json": Self.hosted(#""users": [\#(Self.user())]"#)]) { directory in
            let file = try ConfigurationFile(path: directory.appending(path: "c.json").path)
            #expect(file.tenants?.first?.users.first?.rights == [])
        }
    }

    @Test(
        "Every mistake is named with its place",
        arguments: [
            (#"{"lisen": "x"}"#, "lisen: there is no such setting"),
            (#"{"listen": {"a": 1}}"#, "listen: its value must be"),
            (#"{"listen": "nowhere"}"#, "listen: 'nowhere' is not HOST:PORT"),
            (#"{"ticketLifetime": "0s"}"#, "ticketLifetime: it must be more than 0"),
            (#"{"requireRight": "all"}"#, "requireRight: 'all' is not one of everything, except-signal, nothing"),
            (#"{"installation": "hosted"}"#, "installation: hosted takes a configuration file with tenants"),
            (#"{"tlsCert": "x.pem"}"#, "tlsCert: it needs tls-key"),
            (#"{"tlsCert": "/no.pem", "tlsKey": "/no.key"}"#, "tlsCert: the file '/no.pem' cannot be read"),
            (#"{"forwardedHeader": "via"}"#, "forwardedHeader: 'via' is not one of x-forwarded, forwarded"),
            (#"{"trustedProxy": "10.0.0.0/40"}"#, "trustedProxy: '10.0.0.0/40' is not address ranges"),
            (#"{"adminToken": "file:none"}"#, "adminToken: the file 'none' cannot be read"),
            (#"{"tenants": {}}"#, "tenants: it must be an array"),
            (#"{"tenants": [1]}"#, "tenants[0]: it must be an object"),
            (#"{"tenants": [{"id": "Cust1"}]}"#, "tenants: on-site there is one tenant, 'Default'"),
            (#"{"tenants": [{}, {}]}"#, "tenants: on-site there is one tenant, 'Default'"),
            (
                #"{"installation": "hosted", "tenants": [{}]}"#,
                "tenants[0].id: on a hosted installation every tenant needs one"
            ),
            (#"{"installation": "hosted", "tenants": [{"id": "a/b"}]}"#, "tenants[0].id: it must be 1 to 64 ASCII"),
            (#"{"installation": "hosted", "tenants": [{"id": "API"}]}"#, "tenants[0].id: it must be 1 to 64 ASCII"),
            (
                #"{"installation": "hosted", "tenants": [{"id": "a"}, {"id": "A"}]}"#,
                "tenants[1].id: it is the same as that of tenants[0]"
            ),
            (hosted(#""userz": []"#), "tenants[0].userz: there is no such member; there are accessTokens,"),
            (hosted(#""users": 1"#), "tenants[0].users: it must be an array"),
            (hosted(#""users": [{}]"#), "tenants[0].users[0].name: it is missing"),
            (hosted(#""users": [{}]"#), "tenants[0].users[0].passwordHash: it is missing"),
            (hosted(#""users": [{}]"#), "tenants[0].users[0].associateId: it is missing"),
            (
                hosted(#""users": [{"name": "a", "passwordHash": "Tje0", "associateId": 1}]"#),
                "tenants[0].users[0].passwordHash: it is not what 'webhook-svc hash-password' prints"
            ),
            (
                hosted(#""users": [\#(user(#", "rights": ["all"]"#))]"#),
                "users[0].rights[0]: it must be one of: webhooks"
            ),
            (
                hosted(#""users": [\#(user(#", "personId": -1"#))]"#),
                "users[0].personId: it must be a whole number from 0"
            ),
            (hosted(#""users": [\#(user(#", "fullName": 1"#))]"#), "users[0].fullName: it must be text"),
            (hosted(#""users": [\#(user(#", "secondaryGroups": ["a"]"#))]"#), "secondaryGroups[0]: it must be a whole"),
            (
                hosted(#""users": [\#(user()), \#(user())]"#),
                "users[1].name: it is the same as that of tenants[0].users[0]"
            ),
            (
                hosted(#""applications": [{"token": "t", "name": "a\u0001b"}]"#),
                "applications[0].name: it holds a control"
            ),
            (#"{"publicUrl": "http://"}"#, "publicUrl: 'http://' is not an http or https URL"),
            (hosted(#""applications": [{"token": "", "name": "a"}]"#), "tenants[0].applications[0].token: it is empty"),
            (
                hosted(#""applications": [{"token": "t", "name": "a"}, {"token": "t", "name": "b"}]"#),
                "applications[1].token: it is the same as that of tenants[0].applications[0]"
            ),
            (
                hosted(#""applications": [{"token": "t", "name": "a"}, {"token": "u", "name": "a"}]"#),
                "applications[1].name: it is the same as that of tenants[0].applications[0]"
            ),
            (
                hosted(#""users": [\#(user())], "accessTokens": [{"token": "7T:x", "user": "anna"}]"#),
                "tenants[0].accessTokens[0].token: it begins with '7T:', as tickets do"
            ),
            (
                hosted(#""accessTokens": [{"token": "t", "user": "bert"}]"#),
                "tenants[0].accessTokens[0].user: the tenant has no user 'bert'"
            ),
            (
                hosted(#""users": [\#(user())], "accessTokens": [{"token": "t", "user": "anna"}]"#),
                "tenants[0].accessTokens[0].application: it is missing; on a hosted installation an access token names the application"
            ),
            (
                hosted(#""accessTokens": [{"token": "t", "user": "anna", "application": "ERP"}]"#),
                "tenants[0].accessTokens[0].application: the tenant has no application named 'ERP'"
            ),
            (#"{"corsOrigins": "https://a/b"}"#, "corsOrigins: 'https://a/b' is not origins such as"),
        ]
    )
    func mistakes(text: String, problem: String) async throws {
        let problems = try await Self.problems(text)
        #expect(problems.contains { $0.contains(problem) }, "\(problems)")
    }

    @Test("All mistakes are named at once, and none of them shows a secret")
    func manyMistakes() async throws {
        let problems = try await Self.problems(
            #"""
            {"listen": "nowhere", "retryCycles": 0, "what": 1, "ticketLifetime": "6 hours", "installation": "hosted",
             "adminToken": 7, "tenants": [{"id": "Cust1", "users": [{"name": "a", "passwordHash": "hidden-secret"}]}]}
            """#
        )
        let places = problems.map { $0.prefix { $0 != ":" } }
        #expect(
            Set(places) == [
                "listen", "retryCycles", "what", "ticketLifetime", "adminToken", "tenants[0].users[0].passwordHash",
                "tenants[0].users[0].associateId",
            ]
        )
        #expect(!problems.contains { $0.contains("hidden-secret") })
    }

    @Test(
        "Mistakes of an installation and of its parts do not hide each other",
        arguments: [
            (#"{"installation": "hosted", "tenants": [{}, {}]}"#, ["tenants[0].id", "tenants[1].id"]),
            (#"{"installation": "onlin", "tenants": [{"id": "A"}, {"id": "B"}]}"#, ["installation"]),
            (
                #"{"installation": "hosted", "retryCycles": 0, "tenants": [{"users": [{"name": "a", "associateId": 1}]}]}"#,
                ["retryCycles", "tenants[0].id", "tenants[0].users[0].passwordHash"]
            ),
            (#"{"tenants": [{"userz": []}, {}]}"#, ["tenants", "tenants[0].userz"]),
            (#"{"tenants": "x"}"#, ["tenants"]),
            (#"{"tlsCert": "/no.pem", "tlsKey": "/no.key", "retryCycles": 0}"#, ["retryCycles", "tlsCert"]),
            (#"{"tlsCert": 5, "tlsKey": "/no.key"}"#, ["tlsCert"]),
        ]
    )
    func together(text: String, places: [String]) async throws {
        let problems = try await Self.problems(text)
        #expect(problems.map { String($0.prefix { $0 != ":" }) }.sorted() == places)
    }

    @Test("Secrets come from files relative to the configuration file")
    func references() async throws {
        let text =
            #"{"adminToken": "file:admin.token", "tenants": [{"users": [{"name": "a", "associateId": 1, "passwordHash": "file:a.hash"}]}]}"#
        try await Self.withFiles(["c.json": text, "admin.token": "t0p\n", "a.hash": Self.hash + "\n"]) { directory in
            let path = directory.appending(path: "c.json").path
            #expect(await ConfigurationFile.check(path: path).problems == [])
            let file = try ConfigurationFile(path: path)
            #expect(file.tenants?.first?.users.first?.passwordHash == Self.hash)
            let reader = ConfigReader(provider: InMemoryProvider(name: "file", values: file.values))
            #expect(try await ServerSettings(reader, tenants: file.tenants).adminToken == "t0p")
        }
    }

    @Test("The example is fine once the files that it refers to are there")
    func example() async throws {
        var files = ["c.json": ConfigurationFile.example]
        for match in ConfigurationFile.example.matches(of: /"file:secrets\/([^"]+)"/) {
            files[String(match.1)] = match.1.hasSuffix(".hash") ? Self.hash : "secret-\(match.1)"
        }
        files["c.json"] = ConfigurationFile.example.replacing("file:secrets/", with: "file:")
        #expect(files.count == 5)
        try await Self.withFiles(files) { directory in
            #expect(await ConfigurationFile.check(path: directory.appending(path: "c.json").path).problems == [])
        }
    }

    @Test("On-site an access token need not name an application")
    func onsiteAccessToken() async throws {
        let text = #"{"tenants": [{"users": [\#(Self.user())], "accessTokens": [{"token": "t", "user": "anna"}]}]}"#
        #expect(try await Self.problems(text) == [])
    }

    @Test("On-site the tenant is Default, however many tokens it has; hosted it is the one in the path")
    func installations() async throws {
        let onSite = try await SettingsTests.settings(tenants: [Tenant(id: "")])
        #expect(onSite.installation.kind == .onSite)
        #expect(onSite.installation.tenants.map(\.id) == ["Default"])
        let hosted = try await SettingsTests.settings(
            flags: ["installation": .string("hosted")],
            tenants: [Tenant(id: "Cust1"), Tenant(id: "Cust2")]
        )
        #expect(hosted.installation.kind == .hosted)
        #expect(hosted.installation.tenants.map(\.id) == ["Cust1", "Cust2"])
    }

    @Test("Only with --dev do the documented credentials work")
    func documentedCredentials() async throws {
        let plain = try await SettingsTests.settings()
        #expect(plain.installation.tenants.map(\.users) == [[]])
        let onSite = try await SettingsTests.settings(flags: ["dev": .bool(true)])
        #expect(onSite.installation.tenants.first?.users.map(\.name) == ["tje0"])
        let hosted = try await SettingsTests.settings(
            flags: ["dev": .bool(true), "installation": .string("hosted")],
            tenants: [Tenant(id: "Cust9")]
        )
        #expect(hosted.installation.tenants.map(\.id) == ["Cust9", "Cust12345"])
        #expect(hosted.installation.tenants[0] == Tenant(id: "Cust9"))
        #expect(hosted.installation.tenants[1].applications.map(\.token) == ["1234567-1234-9876"])
    }
}
