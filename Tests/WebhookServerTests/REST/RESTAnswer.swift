import Foundation
import JSON
import NIOHTTP1
import TestSupport
import Testing

@testable import WebhookServer

/// What a REST call was answered.
struct RESTAnswer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]

    /// What an error object tells.
    struct Problem: Equatable {
        var type: String
        var message: String
        var source: String
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body, which others can read as JSON as well.
    var json: JSONValue {
        get throws {
            _ = try JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed)
            return try parsedJSON(text)
        }
    }

    /// The names of the object's members, in their order.
    var memberNames: [String] {
        get throws { try json.memberNames }
    }

    /// A member of the object as JSON; a path such as `Updated` or `_Links/Self`.
    func member(_ path: String) throws -> String {
        var node = try json
        for name in path.split(separator: "/") {
            guard case .object(let members) = node, let member = members.first(where: { $0.name == name }) else {
                throw Missing(path: path, text: text)
            }
            node = member.value
        }
        return node.text
    }

    /// A member that is text, without its quotes.
    func textMember(_ path: String) throws -> String {
        let json = try member(path)
        guard case .string(let text) = try parsedJSON(json) else { throw Missing(path: path, text: self.text) }
        return text
    }

    /// The error object: its members in the documented order, and nothing else.
    func problem() throws -> Problem {
        #expect(try memberNames == ["Error", "ErrorType", "ErrorMessage", "ErrorSource"], "\(text)")
        #expect(try member("Error") == "true")
        return Problem(
            type: try textMember("ErrorType"),
            message: try textMember("ErrorMessage"),
            source: try textMember("ErrorSource")
        )
    }

    /// Expects an error object.
    ///
    /// - Parameter naming: What its message holds.
    func expectProblem(
        _ status: Int,
        _ type: String,
        naming: String = "",
        source: String? = nil,
        _ comment: String = "",
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(self.status == status, "\(comment) \(text)", sourceLocation: location)
        #expect(throws: Never.self, "\(comment) \(text)", sourceLocation: location) {
            let problem = try problem()
            #expect(problem.type == type, "\(comment)", sourceLocation: location)
            #expect(
                naming.isEmpty || problem.message.contains(naming),
                "\(comment) \(problem.message)",
                sourceLocation: location
            )
            #expect(!problem.message.isEmpty, "\(comment)", sourceLocation: location)
            if let source { #expect(problem.source == source, "\(comment)", sourceLocation: location) }
        }
    }

    struct Missing: Error {
        var path: String
        var text: String
    }
}

extension RESTAnswer {
    /// A cookie that is to be set: its value, and its attributes as they were written.
    struct Cookie: Equatable {
        var value: String
        var attributes: Set<String>
    }

    /// By name.
    var cookies: [String: Cookie] {
        let pairs = headers["Set-Cookie"].map { line in
            let parts = line.components(separatedBy: "; ")
            let name = parts[0].prefix { $0 != "=" }
            let value = parts[0].dropFirst(name.count + 1)
            return (String(name), Cookie(value: String(value), attributes: Set(parts.dropFirst())))
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
}

extension JSONValue {
    /// The names of an object's members, in their order; none for what is no object.
    var memberNames: [String] {
        guard case .object(let members) = self else { return [] }
        return members.map(\.name)
    }
}
