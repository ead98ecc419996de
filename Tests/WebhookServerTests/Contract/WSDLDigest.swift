import Cryptography
import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// What code generators read in a WSDL, as one line for each component, in the document's order: the component's kind,
/// its name, and a digest of all that stands in it.
///
/// Prefixes and their declarations are part of it, since generators name classes after them. Documentation, comments,
/// layout, the order of attributes, the service's address and the service number are not.
///
/// The files under `Digests/` hold what it gives for the WSDLs that SuperOffice published. With a folder of these in the
/// environment variable `PUBLISHED_WSDL` (`WcfWebhook85.wsdl` and so on, each as its service number serves it), the test
/// "The digests are those of the published files" makes them again and compares.
struct WSDLDigest {
    static func lines(of text: String, number: Int) throws -> [String] {
        let builder = TreeBuilder(number: number)
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = builder
        guard parser.parse(), let root = builder.root else {
            throw parser.parserError ?? CocoaError(.fileReadCorruptFile)
        }
        return lines(of: root)
    }

    /// The elements whose children are components of their own.
    private static let containers: Set = ["wsdl:definitions", "wsdl:types", "xs:schema"]

    private static func lines(of element: Element) -> [String] {
        guard containers.contains(element.name) else { return [line(for: element, element.canonicalText)] }
        return [line(for: element, element.startTag)] + element.children.flatMap(lines)
    }

    private static func line(for element: Element, _ text: String) -> String {
        let name = ["name", "targetNamespace", "namespace"].compactMap { element.attributes[$0] }.first ?? "-"
        return "\(element.name) \(name) \(SHA256Digest.hex(of: Array(text.utf8)).prefix(16))"
    }
}

private final class Element {
    /// As it stands in the document, with its prefix.
    let name: String
    let attributes: [String: String]
    var text = ""
    var children: [Element] = []

    init(name: String, attributes: [String: String]) {
        self.name = name
        self.attributes = attributes
    }

    /// The name and the attributes, namespace declarations among them.
    var startTag: String {
        let stated = attributes.filter { !(name == "soap:address" && $0.key == "location") }
        let sorted = stated.sorted { $0.key < $1.key }.map { " \($0.key)=\"\($0.value)\"" }
        return "<\(name)\(sorted.joined())>"
    }

    var canonicalText: String {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return startTag + words + children.map(\.canonicalText).joined() + "</>"
    }
}

private final class TreeBuilder: NSObject, XMLParserDelegate {
    private(set) var root: Element?
    private var open: [Element] = []
    private let number: Int

    init(number: Int) {
        self.number = number
    }

    func parser(
        _ parser: XMLParser,
        didStartElement name: String,
        namespaceURI: String?,
        qualifiedName: String?,
        attributes: [String: String]
    ) {
        let unnumbered = attributes.mapValues {
            $0.replacing("NetServer/Services\(number)", with: "NetServer/Services#")
        }
        let element = Element(name: name, attributes: unnumbered)
        if root == nil { root = element }
        if !name.hasSuffix(":documentation") { open.last?.children.append(element) }
        open.append(element)
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        open.last?.text += text
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        open.removeLast()
    }
}
