import XML

/// What an answer to a fixture's request is worth.
struct AnswerVerdict {
    /// In document order, after what HTTP says.
    private(set) var differences: [XMLDifference] = []
    /// What was compared, in words.
    let compared: String

    init(_ answer: HTTPAnswer, expected: XMLDocument, status: Int, variables: inout FixtureVariables) {
        if answer.status != status {
            differences.append(.init(path: "HTTP status", expected: "\(status)", actual: "\(answer.status)"))
        }
        let mediaType = expected.root.namespace == Vocabulary.soap12 ? "application/soap+xml" : "text/xml"
        if answer.mediaType != mediaType {
            let actual = answer.contentType ?? "no Content-Type"
            differences.append(.init(path: "Content-Type", expected: mediaType, actual: actual))
        }
        if !answer.body.starts(with: "<?xml ".utf8) {
            let start = BodyExcerpt.of(answer.body)
            differences.append(.init(path: "/", expected: "an XML declaration", actual: start))
        }
        do {
            let actual = try FixtureManifest.reader.read(answer.body)
            let comparison = XMLComparison(expected: expected.root, actual: actual.root, variables: &variables)
            differences += comparison.differences
            compared = "HTTP \(status), \(mediaType), \(comparison.elements) elements"
        } catch {
            let actual = "\(error): \(BodyExcerpt.of(answer.body))"
            differences.append(.init(path: "/", expected: "an XML document", actual: actual))
            compared = "HTTP \(status), \(mediaType)"
        }
    }
}

/// What an answer to a capture is worth: its values depend on what is stored, but it must be the operation's.
struct CaptureVerdict {
    private(set) var differences: [XMLDifference] = []
    /// What is compared, in words.
    static let compared = "HTTP 200, envelope, operation, Succeeded"

    init(_ answer: HTTPAnswer, to capture: FixtureRawRequest, isSOAP12: Bool) {
        expect("HTTP status", "200", "\(answer.status)")
        let root: XMLElement
        do {
            root = try FixtureManifest.reader.read(answer.body).root
        } catch {
            expect("/", "an XML document", "\(error): \(BodyExcerpt.of(answer.body))")
            return
        }
        expect("/Envelope", "{\(isSOAP12 ? Vocabulary.soap12 : Vocabulary.soap11)}Envelope", "\(ExpandedName(root))")
        let operation = root.child("Body")?.children.first { _ in true }
        expect("/Envelope/Body/*", capture.operation + "Response", operation?.name ?? "no element")
        let header = root.child("Header")
        let exception = header?.child("ExceptionInfo")?.child("ExceptionType")?.text
        if let exception, exception == capture.orError { return }
        if let exception {
            expect("/Envelope/Header/ExceptionInfo/ExceptionType", "no such element", "\"\(exception)\"")
        }
        let succeeded = header?.child("Succeeded")?.text
        expect("/Envelope/Header/Succeeded", "\(capture.succeeds)", succeeded ?? "no such element")
    }

    private mutating func expect(_ path: String, _ expected: String, _ actual: String) {
        if expected != actual { differences.append(.init(path: path, expected: expected, actual: actual)) }
    }
}

/// The beginning of a body that is not XML, for messages.
enum BodyExcerpt {
    private static let length = 120

    static func of(_ body: [UInt8]) -> String {
        if body.isEmpty { return "an empty body" }
        let text = String(decoding: body.prefix(length), as: UTF8.self)
        return "\"\(text)\"" + (body.count > length ? "..." : "")
    }
}

extension XMLElement {
    /// The first child of that local name.
    func child(_ name: String) -> XMLElement? {
        children.first { $0.name == name }
    }
}
