import Conformance
import Foundation
import JSON
import NIOHTTP1
import TestSupport
import Testing

@testable import WebhookServer

/// The service answers the exchanges under `Fixtures/rest` as these say.
@Suite("REST fixtures", .timeLimit(.minutes(10)))
struct RESTFixtureTests {
    @Test("Exchanges are answered as expected", arguments: ["agents", "api", "extras"])
    func exchanges(name: String) async throws {
        let text = String(decoding: try FixtureFiles.bytes(of: "rest/\(name).exchanges"), as: UTF8.self)
        let exchanges = try text.components(separatedBy: "### ").dropFirst().map(RESTExchange.init)
        try #require(exchanges.count > 1)
        try await RunningService.with { service in
            var variables = service.variables
            for exchange in exchanges {
                let request = try RESTExchange.Message(exchange.request.substituting(variables))
                let parts = request.start.split(separator: " ").map(String.init)
                let answer = try await RESTClient(service: service).anonymous.call(
                    parts[0],
                    parts[1],
                    request.body.isEmpty ? nil : request.body,
                    type: nil,
                    headers: request.fields
                )
                let expected = try RESTExchange.Message(exchange.answer)
                let cell = Comment("\(name): \(exchange.title) \(answer.text)")
                #expect(expected.start == "HTTP/1.1 \(answer.status)", cell)
                for (field, value) in expected.fields { #expect(answer.headers[field] == [value], cell) }
                guard !expected.body.isEmpty else {
                    #expect(answer.body.isEmpty, cell)
                    continue
                }
                #expect(try answer.json.isDescribed(by: parsedJSON(expected.body), &variables), cell)
            }
        }
    }
}

/// A request and the answer to it, as a file of exchanges has them behind `###` and a title.
private struct RESTExchange {
    var title: String
    var request: String
    var answer: String

    /// A first line, header fields, and after an empty line the body.
    struct Message {
        var start: String
        var fields: [(String, String)]
        var body: String

        init(_ text: String) throws {
            let parts = text.split(separator: "\n\n", maxSplits: 1)
            let lines = try #require(parts.first).split(separator: "\n")
            start = String(lines[0])
            fields = try lines.dropFirst().map { line in
                let colon = try #require(line.firstRange(of: ": "))
                return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
            }
            body = parts.count > 1 ? parts[1].trimmingCharacters(in: .newlines) : ""
        }
    }

    init(_ text: String) throws {
        let parts = text.components(separatedBy: "\n\nHTTP/1.1 ")
        try #require(parts.count == 2)
        let end = try #require(parts[0].firstIndex(of: "\n"))
        title = String(parts[0][..<end])
        request = String(parts[0][end...].dropFirst())
        answer = "HTTP/1.1 " + parts[1].trimmingCharacters(in: .newlines)
    }
}

extension String {
    fileprivate func substituting(_ variables: FixtureVariables) throws -> String {
        String(decoding: try variables.substituted(into: Array(utf8)), as: UTF8.self)
    }
}

extension JSONValue {
    /// Whether this is what an expected value describes: texts may hold placeholders and then describe numbers too, members
    /// may stand in any order, and where `...` stands among them there may be others. `_Links` that is `absent` must not be
    /// there.
    fileprivate func isDescribed(by expected: JSONValue, _ variables: inout FixtureVariables) -> Bool {
        switch (self, expected) {
        case (.string(let text), .string(let pattern)): return variables.match(pattern, against: text)
        case (.number(let text), .string(let pattern)) where pattern.contains("{{"):
            return variables.match(pattern, against: text)
        case (.array(let items), .array(let wanted)):
            guard items.count == wanted.count else { return false }
            for (item, wanted) in zip(items, wanted) where !item.isDescribed(by: wanted, &variables) { return false }
            return true
        case (.object(let members), .object(let wanted)):
            var rest = Set(members.map(\.name))
            for member in wanted where member.name != "..." {
                guard member.value != .string("absent") else {
                    if rest.contains(member.name) { return false }
                    continue
                }
                guard rest.remove(member.name) != nil,
                    self[member.name]?.isDescribed(by: member.value, &variables) == true
                else { return false }
            }
            return rest.isEmpty || wanted.contains { $0.name == "..." }
        default: return self == expected
        }
    }
}
