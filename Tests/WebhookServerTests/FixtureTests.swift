import Conformance
import Foundation
import NIOHTTP1
import Testing
import XML

/// The service answers as the fixtures say: what a client written against NetServer relies on, exchange by exchange.
@Suite("Fixtures")
struct FixtureTests {
    @Test("The manifest of fixtures lists scenarios and raw requests")
    func presence() throws {
        let manifest = try FixtureManifest.load(from: FixtureFiles.directory)
        #expect(!manifest.scenarios.isEmpty)
        #expect(!manifest.raw.isEmpty)
    }

    @Test("The service answers each fixture as expected", arguments: FixtureFiles.scenarios)
    func scenario(_ scenario: FixtureScenario) async throws {
        try await RunningService.with { service in
            var variables = service.variables
            for (index, step) in scenario.steps.enumerated() {
                let request = try variables.substituted(into: FixtureFiles.bytes(of: step.request))
                let answer = try await service.post(request, of: step)
                let problems = try Self.problems(answer.status, answer.body, of: step, variables: &variables)
                #expect(
                    problems.isEmpty,
                    """
                    step \(index + 1), \(step.name) (\(step.request)):
                    \(problems.joined(separator: "\n"))
                    """
                )
            }
        }
    }

    @Test("Requests of real clients are understood", arguments: FixtureFiles.raw)
    func raw(_ raw: FixtureRawRequest) async throws {
        let bytes = try FixtureFiles.bytes(of: raw.file)
        let request = try XML.XMLDocument(parsing: RawRequest(parsing: bytes).body)
        try await RunningService.with { service in
            let answer = try await service.sendRaw(bytes)
            #expect(answer.status == 200)
            let envelope = try XML.XMLDocument(parsing: answer.body).root
            #expect(envelope.namespace == request.root.namespace, "The answer has the version of its request.")
            let header = try #require(envelope.child("Header"))
            let operation = try #require(envelope.child("Body")?.children.first(where: { _ in true }))
            #expect(operation.name == raw.operation + "Response")
            let exception = header.child("ExceptionInfo")?.child("ExceptionType")?.text
            #expect(exception == nil || exception == raw.orError, "\(String(decoding: answer.body, as: UTF8.self))")
            if raw.succeeds, exception == nil {
                #expect(header.child("Succeeded")?.text == "true")
            }
        }
    }

    private static func problems(
        _ status: Int,
        _ body: [UInt8],
        of step: FixtureStep,
        variables: inout FixtureVariables
    ) throws -> [String] {
        var problems: [String] = []
        if status != step.status { problems.append("HTTP status: expected \(step.status), found \(status)") }
        if !body.starts(with: "<?xml ".utf8) { problems.append("The answer does not begin with an XML declaration.") }
        let expected = try XML.XMLDocument(parsing: FixtureFiles.bytes(of: step.answer))
        do {
            let actual = try XML.XMLDocument(parsing: body)
            problems += XMLComparison(
                expected: expected.root,
                actual: actual.root,
                variables: &variables
            ).differences.map(\.description)
        } catch {
            problems.append("The answer cannot be read: \(error)")
        }
        if !problems.isEmpty { problems.append("The answer:\n\(String(decoding: body, as: UTF8.self))") }
        return problems
    }
}

/// The fixtures of this package.
enum FixtureFiles {
    static let directory = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    /// Empty when there is no manifest, which is a failure of its own.
    static let scenarios = (try? FixtureManifest.load(from: directory).scenarios) ?? []
    static let raw = (try? FixtureManifest.load(from: directory).raw) ?? []

    static func bytes(of file: String) throws(ConformanceError) -> [UInt8] {
        try FixtureManifest.bytes(of: file, in: directory)
    }
}

extension RunningService {
    /// Posts a step's request to the service that the step calls.
    fileprivate func post(_ request: [UInt8], of step: FixtureStep) async throws -> (status: Int, body: [UInt8]) {
        var headers = HTTPHeaders([("Content-Type", step.contentType)])
        if let action = step.action { headers.add(name: "SOAPAction", value: action) }
        let url = "http://127.0.0.1:\(port)\(step.path)"
        let answer = try await send("POST", url, headers: headers, body: request)
        return (answer.status, answer.body)
    }
}

extension XML.XMLElement {
    /// The first child of that local name.
    func child(_ name: String) -> XML.XMLElement? {
        children.first { $0.name == name }
    }
}
