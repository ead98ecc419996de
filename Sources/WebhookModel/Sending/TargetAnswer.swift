/// What a target answered. The body is cut at the sender's bound.
package struct TargetAnswer: Sendable, Hashable {
    /// The status code.
    package var status: Int
    /// The reason phrase as the target wrote it, the standard one where it wrote none, empty for a code without one.
    package var reason: String
    /// In the order they came.
    package var headers: [StringDictionary.Entry]
    /// The part of the answer's body that was read.
    package var body: [UInt8]

    /// Creates an answer.
    package init(status: Int, reason: String, headers: [StringDictionary.Entry] = [], body: [UInt8] = []) {
        (self.status, self.reason, self.headers, self.body) = (status, reason, headers, body)
    }

    /// `HTTP/1.1 200 OK`.
    package var statusLine: String { "HTTP/1.1 \(status)" + (reason.isEmpty ? "" : " " + reason) }

    /// What is said of a redirect: this service does not follow it, and where it points.
    ///
    /// The place is shown without user, password and query, which may hold keys.
    var redirection: String {
        guard [301, 302, 303, 307, 308].contains(status) else { return "" }
        let said = " (redirects are not followed"
        guard let location = headers.first(where: { $0.key.lowercased() == "location" })?.value else {
            return said + ")"
        }
        var place = location.filter { $0 >= " " }.prefix { $0 != "?" && $0 != "#" }
        let host = place.firstRange(of: "//")?.upperBound ?? place.startIndex
        let hostEnd = place[host...].firstIndex(of: "/") ?? place.endIndex
        if let at = place[host..<hostEnd].lastIndex(of: "@") { place.removeSubrange(host...at) }
        return said + "; this one points to \(place.prefix(Self.locationLength)))"
    }

    /// What is shown of a redirect's place, in characters.
    private static let locationLength = 200

    /// Status line, headers and body, as a person reads them.
    package var transcript: String {
        let lines = [statusLine + redirection] + headers.map { "\($0.key): \($0.value ?? "")" }
        let head = lines.joined(separator: "\n")
        return body.isEmpty ? head : head + "\n\n" + String(decoding: body, as: UTF8.self)
    }
}
