import CLibXML2
import Foundation

/// Names of namespaces as strings, kept from one document to the next: nearly all documents have the same few.
///
/// One parse at a time uses them, so that nothing guards them.
final class NamespaceNames {
    private var names: [String] = []

    /// Others are made anew for each document.
    private static let maximumCount = 16
    /// In bytes of UTF-8; a longer name is not kept.
    private static let longestName = 200

    /// The string of a name.
    func string(_ name: UnsafePointer<xmlChar>) -> String {
        let count = Int(xmlStrlen(name))
        if let known = names.first(where: { Self.isSame($0, name, count) }) { return known }
        let string = String(cString: name)
        if names.count < Self.maximumCount, count <= Self.longestName { names.append(string) }
        return string
    }

    private static func isSame(_ string: String, _ name: UnsafePointer<xmlChar>, _ count: Int) -> Bool {
        guard string.utf8.count == count else { return false }
        return string.utf8.withContiguousStorageIfAvailable { bytes in
            bytes.isEmpty || memcmp(bytes.baseAddress!, name, count) == 0
        } ?? false
    }
}
