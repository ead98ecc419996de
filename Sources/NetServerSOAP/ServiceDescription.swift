import HTTPServing
package import HummingbirdCore
import NIOCore
import WSDL

/// What `GET` on a service answers: the published WSDL, addressed to whoever asks, or a page that links it
/// (docs/contract.md#section-4).
package struct ServiceDescription: Sendable {
    private let name: ServiceName
    private let number: ServiceNumber
    /// The WSDL, cut where the service's address stands in it.
    private let soap11: DocumentTemplate
    private let soap12: DocumentTemplate

    /// Creates the description of a service, from the text that was published for its number.
    package init(name: ServiceName, number: ServiceNumber) {
        self.name = name
        self.number = number
        let text =
            switch name {
            case .webhook: PublishedContract.webhook(number: number.rawValue)
            case .soPrincipal: PublishedContract.soPrincipal(number: number.rawValue)
            }
        soap11 = Self.template(text)
        // Two bindings in one document change what generators make of it, so the other version has its own: the same but
        // for the namespace that the binding's prefix stands for.
        soap12 = Self.template(
            text.replacing(
                "xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\"",
                with: "xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap12/\""
            )
        )
    }

    /// The answer to a query, without regard to its case; nil when it asks for no description.
    ///
    /// - Parameter address: The service's own URL, as the caller knows it.
    package func document(query: String, address: String) -> ResponseBody? {
        let key = query.lowercased().split(separator: "&").first.map { $0.split(separator: "=").first ?? $0 }
        switch key {
        case "wsdl", "singlewsdl": return soap11.filled(with: Self.escaped(address))
        case "disco": return ResponseBody(byteBuffer: ByteBuffer(string: discovery(address: address)))
        case "wsdl12": return soap12.filled(with: Self.escaped(address))
        default: return nil
        }
    }

    /// The queries that ``document(query:address:)`` answers.
    package static let queries = "?wsdl, ?singleWsdl, ?wsdl12 and ?disco"

    /// Tells where the WSDL is. svcutil and WCF Test Client look here when they are given the service's bare URL.
    private func discovery(address: String) -> String {
        let address = Self.escaped(address)
        return """
            <?xml version="1.0" encoding="utf-8"?>
            <discovery xmlns="http://schemas.xmlsoap.org/disco/">
              <contractRef ref="\(address)?wsdl" docRef="\(address)" xmlns="http://schemas.xmlsoap.org/disco/scl/"/>
            </discovery>

            """
    }

    /// The page for people, and for tools that look for its link.
    package func page(address: String) -> String {
        let address = Self.escaped(address)
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>\(name.rawValue) service</title>
            <link rel="alternate" type="text/xml" href="\(address)?disco"/></head>
            <body><h1>\(name.rawValue) service, \(number.name)</h1>
            <p>This is a SOAP service. Clients are generated from its description:</p>
            <ul><li><a href="\(address)?wsdl">\(address)?wsdl</a> (SOAP 1.1)</li>
            <li><a href="\(address)?wsdl12">\(address)?wsdl12</a> (SOAP 1.2)</li></ul></body></html>

            """
    }

    private static func template(_ text: String) -> DocumentTemplate {
        let mark = "<soap:address location=\""
        guard let start = text.firstRange(of: mark)?.upperBound, let end = text[start...].firstIndex(of: "\"") else {
            preconditionFailure("the WSDL states no address")
        }
        return DocumentTemplate([text[..<start], text[end...]])
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
