import Foundation
import JSON
import Networking
import XML

/// The body of a REST call, read. Every media type becomes JSON, except XML, which is read as the elements of SOAP are.
enum RequestBody {
    case absent
    case json(JSONValue)
    /// All values are texts of no type.
    case form(FormBody)
    case xml(XMLDocument)

    /// The media types that are taken (docs/contract.md#section-8).
    enum Kind: Sendable, Hashable {
        case json, jsonPatch, mergePatch, xml, form

        /// Creates the kind of a media type; nil when the service does not read the type or its charset.
        init?(_ type: MediaType) {
            let charsets = ["utf-8", "utf8", "us-ascii", "utf-16", "utf-16le", "utf-16be", "iso-8859-1"]
            let charset = type.charset?.lowercased() ?? "utf-8"
            guard charsets.contains(charset) else { return nil }
            switch type.essence {
            case "", "application/json", "text/json": self = .json
            case "application/json-patch+json": self = .jsonPatch
            case "application/merge-patch+json": self = .mergePatch
            case "application/xml", "text/xml": self = .xml
            case "application/x-www-form-urlencoded" where !charset.hasPrefix("utf-16"): self = .form
            default: return nil
            }
        }

        static let accepted =
            ["application/json", "text/json", "application/xml", "text/xml", "application/x-www-form-urlencoded"]
            + patches.prefix(2)

        static let patches = [
            "application/json-patch+json", "application/merge-patch+json", "application/json", "text/json",
        ]

        /// Whether a patch may be of this kind.
        var isPatch: Bool { self != .xml && self != .form }
    }

    /// Reads a body. Throws an error that says what is wrong and where.
    init(_ bytes: [UInt8], _ kind: Kind, charset: String?, json: JSONReader, xml: XMLReader) throws(RESTError) {
        if bytes.isEmpty {
            self = .absent
            return
        }
        switch kind {
        case .json, .jsonPatch, .mergePatch:
            do {
                self = .json(try json.read(Self.transcoded(bytes, charset)))
            } catch {
                if error.kind == .empty { self = .absent } else { throw .body(error.description) }
            }
        case .form: self = .form(try FormBody(Self.transcoded(bytes, charset)))
        case .xml:
            do {
                self = .xml(try xml.read(bytes, charset: charset))
            } catch {
                throw .body(error.description)
            }
        }
    }

    /// UTF-8 where the charset says otherwise. A byte order mark outranks it.
    private static func transcoded(_ bytes: [UInt8], _ charset: String?) -> [UInt8] {
        switch charset?.lowercased() {
        case "iso-8859-1":
            return Array(String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })).utf8)
        default: return bytes
        }
    }
}
