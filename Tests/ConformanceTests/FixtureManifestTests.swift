import Conformance
import Foundation
import Testing
import XML

/// The fixtures that are committed are whole, and a manifest that is not is refused with a message that helps.
@Suite("Fixture manifest")
struct FixtureManifestTests {
    private static let fixtures = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    @Test("Names every operation in every form")
    func coverage() throws {
        let manifest = try FixtureManifest.load(from: Self.fixtures)
        for form in FixtureForm.allCases {
            let steps = manifest.scenarios.filter { $0.form == form }.flatMap(\.steps)
            for service in FixtureService.allCases {
                let names = steps.filter { $0.service == service }.map { $0.name.prefix { $0 != "-" } }
                #expect(Self.operations(of: service).isSubset(of: names.map(String.init)), "\(form)")
            }
        }
        #expect(Self.operations(of: .webhook) == Set(manifest.raw.map(\.operation)))
    }

    private static func operations(of service: FixtureService) -> Set<String> {
        switch service {
        case .webhook:
            [
                "CreateDefaultWebhook", "SaveWebhook", "GetWebhook", "GetAllWebhooks", "DeleteWebhook", "TestWebhook",
                "SignalEvent", "GetLastError",
            ]
        case .principal:
            [
                "AuthenticateUsernamePassword", "AuthenticateWithAccessToken", "AuthenticateGeneric",
                "AuthenticateImplicit", "GetSystemInfo",
            ]
        }
    }

    @Test(
        "A step calls the service and the number that it names, or else 87's Webhook.svc",
        arguments: [
            ("", FixtureService.webhook, "/Remote/Services87/Webhook.svc"),
            (#""service": "Webhook","#, .webhook, "/Remote/Services87/Webhook.svc"),
            (#""service": "SoPrincipal","#, .principal, "/Remote/Services87/SoPrincipal.svc"),
            (#""service": "SoPrincipal", "number": 85,"#, .principal, "/Remote/Services85/SoPrincipal.svc"),
            (#""number": 88,"#, .webhook, "/Remote/Services88/Webhook.svc"),
        ]
    )
    func service(member: String, service: FixtureService, path: String) throws {
        let text = """
            {"name": "a", \(member) "request": "q", "contentType": "text/xml", "action": null, "status": 200,
            "answer": "r", "source": "wsdl"}
            """
        let step = try JSONDecoder().decode(FixtureStep.self, from: Data(text.utf8))
        #expect(step.service == service)
        #expect(step.path == path)
        #expect(try JSONDecoder().decode(FixtureStep.self, from: JSONEncoder().encode(step)) == step)
    }

    @Test("Every expected answer is XML, and so is every request whose answer is no fault")
    func documents() throws {
        let manifest = try FixtureManifest.load(from: Self.fixtures)
        for step in manifest.scenarios.flatMap(\.steps) {
            let files = step.status == 500 ? [step.answer] : [step.answer, step.request]
            for file in files {
                let bytes = try FixtureManifest.bytes(of: file, in: Self.fixtures)
                #expect(throws: Never.self, "\(file)") { try XML.XMLDocument(parsing: bytes) }
            }
        }
    }

    @Test("Every raw request is an HTTP request with an XML body of the length it says")
    func rawRequests() throws {
        for raw in try FixtureManifest.load(from: Self.fixtures).raw {
            let request = try RawRequest(parsing: FixtureManifest.bytes(of: raw.file, in: Self.fixtures))
            #expect(request.header("Content-Length") == String(request.body.count), "\(raw)")
            #expect(throws: Never.self, "\(raw)") { try XML.XMLDocument(parsing: request.body) }
        }
    }

    @Test("Every file of the directory is used")
    func unusedFiles() throws {
        let manifest = try FixtureManifest.load(from: Self.fixtures)
        let played = manifest.scenarios.flatMap(\.steps).flatMap { [$0.request, $0.answer] }
        let named = Set(played).union(manifest.raw.map(\.file))
        let present = try FileManager.default.subpathsOfDirectory(atPath: Self.fixtures.path).filter { path in
            [".xml", ".txt", ".http"].contains { path.hasSuffix($0) }
        }
        #expect(Set(present).subtracting(named).sorted() == [])
    }

    @Test("What is wrong with a manifest is said", arguments: BrokenManifest.all)
    func refusal(manifest: BrokenManifest) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "fixtures-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        if let text = manifest.text {
            try Data(text.utf8).write(to: directory.appending(path: FixtureManifest.fileName))
        }
        let error = #expect(throws: ConformanceError.self) { try FixtureManifest.load(from: directory) }
        let message = try #require(error).description
        #expect(message.contains("manifest.json"))
        #expect(message.contains(manifest.complaint), "\(message)")
    }
}

/// A manifest that cannot be used, and a part of what must be said of it.
struct BrokenManifest: Sendable, CustomTestStringConvertible {
    /// Nil when there is no such file.
    let text: String?
    let complaint: String

    var testDescription: String { complaint }

    static let all = [
        BrokenManifest(text: nil, complaint: "cannot be read"),
        BrokenManifest(text: #"{"format": 2}"#, complaint: "format 2 is not supported"),
        BrokenManifest(text: #"{"format": 1, "raw": []}"#, complaint: "lacks 'scenarios'"),
        BrokenManifest(text: #"{"format": 1, "scenarios": [{"name": "a"}], "raw": []}"#, complaint: "scenarios[0]"),
        BrokenManifest(
            text: #"{"format": 1, "scenarios": [], "raw": [{"file": "x.http", "operation": "A", "succeeds": true}]}"#,
            complaint: "'x.http'"
        ),
        BrokenManifest(
            text: """
                {"format": 1, "raw": [], "scenarios": [{"name": "a", "form": "soap11", "steps": [
                    {"name": "b", "service": "Person", "request": "q", "contentType": "text/xml", "action": null,
                    "status": 200, "answer": "r", "source": "wsdl"}
                ]}]}
                """,
            complaint: "scenarios[0].steps[0].service"
        ),
        BrokenManifest(
            text: """
                {"format": 1, "raw": [], "scenarios": [
                    {"name": "twin", "form": "soap11", "steps": []}, {"name": "twin", "form": "soap12", "steps": []}
                ]}
                """,
            complaint: "'twin'"
        ),
    ]
}
