import Foundation

/// Returns the calls that tables of a page in `docs` name in their first column: of "`GET`, `PUT /webhooks?name=`" these are
/// `GET /webhooks` and `PUT /webhooks`, without the query.
///
/// Throws an error when the page cannot be read.
package func documentedCalls(in page: String) throws -> Set<String> {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    let text = try String(contentsOf: root.appending(path: "docs/\(page)"), encoding: .utf8)
    var calls: Set<String> = []
    for line in text.split(separator: "\n") where line.hasPrefix("|") {
        var methods: [Substring] = []
        var isAfterPath = false
        for word in (line.split(separator: "|").first ?? "").split(whereSeparator: { " ,`".contains($0) }) {
            if ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(word) {
                methods = isAfterPath ? [word] : methods + [word]
                isAfterPath = false
            } else if word.hasPrefix("/") {
                for method in methods { calls.insert("\(method) \(word.prefix { $0 != "?" })") }
                isAfterPath = true
            }
        }
    }
    return calls
}
