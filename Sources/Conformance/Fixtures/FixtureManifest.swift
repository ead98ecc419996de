package import Foundation
import XML

/// The table of contents of a directory of fixtures, its `manifest.json`.
package struct FixtureManifest: Codable, Sendable, Equatable {
    /// Version of the manifest's own format; ``supportedFormat`` is the one that is understood.
    package let format: Int
    /// Exchanges to play and compare. They do not depend on each other.
    package let scenarios: [FixtureScenario]
    /// Requests of real clients, byte for byte.
    package let raw: [FixtureRawRequest]

    /// The only format there is so far.
    package static let supportedFormat = 1

    /// Name of the manifest's file.
    package static let fileName = "manifest.json"

    /// Reads the manifest of `directory` and makes sure that every file it names is there.
    ///
    /// Throws ``ConformanceError``, which names the file that is at fault.
    package static func load(from directory: URL) throws(ConformanceError) -> FixtureManifest {
        let path = directory.appending(path: fileName).path
        let contents = try bytes(of: fileName, in: directory)
        let manifest: FixtureManifest
        do {
            let header = try JSONDecoder().decode(Header.self, from: Data(contents))
            guard header.format == supportedFormat else {
                throw ConformanceError.invalidManifest(
                    file: path,
                    reason: "format \(header.format) is not supported, only \(supportedFormat) is"
                )
            }
            manifest = try JSONDecoder().decode(FixtureManifest.self, from: Data(contents))
        } catch let error as ConformanceError {
            throw error
        } catch {
            throw .invalidManifest(file: path, reason: reason(for: error))
        }
        try manifest.check(in: directory, path: path)
        return manifest
    }

    /// Makes sure that every expected answer is XML and every capture an HTTP request. Throws ``ConformanceError``.
    package func checkContents(in directory: URL) throws(ConformanceError) {
        for file in Set(scenarios.flatMap(\.steps).map(\.answer)).sorted() {
            _ = try Self.document(file, in: directory)
        }
        for capture in raw { _ = try capture.form(in: directory) }
    }

    /// The bytes of one file that the manifest names.
    package static func bytes(of file: String, in directory: URL) throws(ConformanceError) -> [UInt8] {
        let url = directory.appending(path: file)
        do {
            return try [UInt8](Data(contentsOf: url))
        } catch {
            throw .unreadable(file: url.path, reason: error.localizedDescription)
        }
    }

    /// Reads answers, expected and given: more than a service takes, less than would do harm.
    static let reader = XMLReader(limits: XMLLimits(bytes: HTTPAnswer.largestBody, depth: 128, elements: 1_000_000))

    /// One expected answer. Throws ``ConformanceError/unreadable(file:reason:)``.
    static func document(_ file: String, in directory: URL) throws(ConformanceError) -> XMLDocument {
        let contents = try bytes(of: file, in: directory)
        do {
            return try reader.read(contents)
        } catch {
            throw .unreadable(file: file, reason: "\(error)")
        }
    }

    /// Read first, so that a manifest of a later format is refused for its format and not for a field of it.
    private struct Header: Decodable {
        let format: Int
    }

    private func check(in directory: URL, path: String) throws(ConformanceError) {
        var names: Set<String> = []
        for name in scenarios.flatMap({ [$0.name] + $0.steps.map(\.name) }) where !name.contains(/^[A-Za-z0-9._-]+$/) {
            throw .invalidManifest(
                file: path,
                reason: "the name '\(name)' holds more than letters, digits, '.', '_' and '-'"
            )
        }
        for scenario in scenarios {
            guard names.insert(scenario.name).inserted else {
                throw .invalidManifest(file: path, reason: "two scenarios are called '\(scenario.name)'")
            }
        }
        let files = scenarios.flatMap(\.steps).flatMap { [$0.request, $0.answer] } + raw.map(\.file)
        for file in Set(files).sorted() {
            guard !file.hasPrefix("/"), !file.split(separator: "/").contains("..") else {
                throw .invalidManifest(file: path, reason: "it names '\(file)', which is not in its directory")
            }
            guard FileManager.default.fileExists(atPath: directory.appending(path: file).path) else {
                throw .invalidManifest(file: path, reason: "it names '\(file)', which does not exist")
            }
        }
    }

    private static func reason(for error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, let context): "\(place(context)) lacks '\(key.stringValue)'"
        case .valueNotFound(_, let context), .typeMismatch(_, let context), .dataCorrupted(let context):
            "\(place(context)): \(context.debugDescription)"
        default: error.localizedDescription
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        let steps = context.codingPath.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }
        return steps.isEmpty ? "the document" : String(steps.joined().drop { $0 == "." })
    }
}

/// A series of exchanges with one service, played in order; what one step binds, later ones use.
package struct FixtureScenario: Codable, Sendable, Equatable, CustomStringConvertible {
    /// Unique in the manifest.
    package let name: String
    /// The envelope form that its requests are written in.
    package let form: FixtureForm
    /// The exchanges, in order.
    package let steps: [FixtureStep]

    package var description: String { name }
}

/// The envelope forms of a request.
package enum FixtureForm: String, Codable, Sendable, CaseIterable {
    /// SOAP 1.2 with token and credentials outside a Header, as SuperOffice's documentation shows it.
    case documented
    /// SOAP 1.2.
    case soap12
    /// SOAP 1.1.
    case soap11
}

/// One exchange: a request and the answer that is expected to it.
package struct FixtureStep: Codable, Sendable, Equatable, CustomStringConvertible {
    /// What it is about: the operation, with a suffix where an operation stands in several steps.
    package let name: String
    /// The service that it calls; ``FixtureService/webhook`` where the manifest does not say.
    package let service: FixtureService
    /// The number of the contract that it calls the service by; 87 where the manifest does not say.
    package let number: Int
    /// File of the request's body, relative to the manifest.
    package let request: String
    /// The request's `Content-Type`; in SOAP 1.2 the action is a parameter of it.
    package let contentType: String
    /// Value of the `SOAPAction` header with its quotes; nil when the header is not sent.
    package let action: String?
    /// HTTP status of the answer.
    package let status: Int
    /// File of the expected answer's body, relative to the manifest.
    package let answer: String
    /// What the expectation rests on.
    package let source: FixtureSource

    /// The path that the request is posted to.
    package var path: String { service.path(number: number) }

    package var description: String { name }
}

extension FixtureStep {
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        service = try values.decodeIfPresent(FixtureService.self, forKey: .service) ?? .webhook
        number = try values.decodeIfPresent(Int.self, forKey: .number) ?? FixtureService.usualNumber
        request = try values.decode(String.self, forKey: .request)
        contentType = try values.decode(String.self, forKey: .contentType)
        action = try values.decodeIfPresent(String.self, forKey: .action)
        status = try values.decode(Int.self, forKey: .status)
        answer = try values.decode(String.self, forKey: .answer)
        source = try values.decode(FixtureSource.self, forKey: .source)
    }
}

/// The services of an installation that fixtures call.
package enum FixtureService: String, Codable, Sendable, CaseIterable {
    /// Webhooks.
    case webhook = "Webhook"
    /// Logins, and the installation.
    case principal = "SoPrincipal"

    /// The number of the contract that services are called by where nothing else is said.
    static let usualNumber = 87

    /// The path that its requests are posted to.
    package func path(number: Int) -> String { "/Remote/Services\(number)/\(rawValue).svc" }
}

/// What an expectation rests on.
package enum FixtureSource: String, Codable, Sendable {
    /// NetServer's public documentation.
    case documented
    /// The WSDL that SuperOffice publishes.
    case wsdl
    /// A decision of this project, where both are silent.
    case decided
    /// What a server answered that was recorded.
    case recorded
}

/// A request as a real client put it on the wire.
package struct FixtureRawRequest: Codable, Sendable, Equatable, CustomStringConvertible {
    /// File of the request, head and body, relative to the manifest.
    package let file: String
    /// The operation that it calls.
    package let operation: String
    /// Whether the service must answer with `Succeeded` true.
    package let succeeds: Bool
    /// Full name of an exception type that is as good an answer, because success depends on what is stored.
    package let orError: String?
    /// For readers: what the answer depends on.
    package let note: String?

    /// The envelope form that it is written in. Throws ``ConformanceError``.
    package func form(in directory: URL) throws(ConformanceError) -> FixtureForm {
        try RawRequest(parsing: FixtureManifest.bytes(of: file, in: directory)).form
    }

    package var description: String { file }
}
