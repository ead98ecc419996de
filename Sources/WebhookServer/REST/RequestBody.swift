import Foundation
import SOAP
import XML

/// A REST call's body, read: every type that is taken becomes JSON, but for XML, which is read as SOAP's elements are.
enum RequestBody {
    case absent
    case json(JSONNode)
    /// All values are texts of no type.
    case form(JSONNode)
    case xml(XMLDocument)

    /// The media types that are taken (contract, section 8).
    enum Kind: Sendable, Hashable {
        case json, jsonPatch, mergePatch, xml, form

        /// nil when the type is none of ours, or its charset cannot be read.
        init?(_ type: MediaType) {
            let charsets = ["utf-8", "utf8", "us-ascii", "utf-16", "iso-8859-1"]
            if let charset = type.charset, !charsets.contains(charset.lowercased()) { return nil }
            switch type.essence {
            case "", "application/json", "text/json": self = .json
            case "application/json-patch+json": self = .jsonPatch
            case "application/merge-patch+json": self = .mergePatch
            case "application/xml", "text/xml": self = .xml
            case "application/x-www-form-urlencoded": self = .form
            default: return nil
            }
        }

        static let accepted = [
            "application/json", "text/json", "application/xml", "text/xml", "application/x-www-form-urlencoded",
            "application/json-patch+json", "application/merge-patch+json",
        ]
    }

    /// Reads a body. Throws a problem that says what is wrong and where.
    init(_ bytes: [UInt8], _ kind: Kind, charset: String?, json: JSONReader, xml: XMLReader) throws(RESTProblem) {
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
        case .form: self = .form(try FormBody.read(Self.transcoded(bytes, charset), arrays: ["events"]))
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
        case "utf-16" where !bytes.starts(with: [0xFE, 0xFF]) && !bytes.starts(with: [0xFF, 0xFE]):
            // Without a mark the big end comes first (RFC 2781, section 4.3).
            return [0xFE, 0xFF] + bytes
        default: return bytes
        }
    }
}
