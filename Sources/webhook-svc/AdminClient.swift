import AdminModel
import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Text

/// How the commands reach the admin API of a running service.
struct AdminOptions: ParsableArguments {
    @Option(help: .value("url", "The running service."))
    var url = "http://127.0.0.1:8087"
    @Option(
        help: .value("token", "The admin token, or file:PATH of it; better WEBHOOK_SVC_ADMIN_TOKEN in the environment.")
    )
    var adminToken: String?

    /// Calls the API and returns its answer's JSON. Prints what is wrong and exits with 1 otherwise, with 2 when there is
    /// no connection.
    func call(_ method: HTTPMethod, _ path: String, query: [(String, String?)] = []) async throws -> Data {
        var parts = URLComponents()
        parts.queryItems = query.compactMap { name, value in value.map { URLQueryItem(name: name, value: $0) } }
        let suffix = parts.percentEncodedQuery.map { $0.isEmpty ? "" : "?" + $0 } ?? ""
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        var request = HTTPClientRequest(url: base + AdminAPI.prefix + path + suffix)
        request.method = method
        if let token = try token() { request.headers.add(name: "Authorization", value: "Bearer " + token) }
        let response: HTTPClientResponse
        let body: ByteBuffer
        do {
            response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
            body = try await response.body.collect(upTo: 64 << 20)
        } catch {
            throw failure("\(url) cannot be reached: \(error)", code: 2)
        }
        let data = Data(body.readableBytesView)
        guard (200..<300).contains(response.status.code) else {
            let text = (try? JSONDecoder().decode(AdminAPI.Problem.self, from: data))?.error
            let closed =
                response.status == .notFound ? "there is no admin API (setting admin-token)" : "\(response.status)"
            throw failure(text ?? closed, code: 1)
        }
        return data
    }

    private func token() throws -> String? {
        guard let token = adminToken ?? ProcessInfo.processInfo.environment["WEBHOOK_SVC_ADMIN_TOKEN"] else {
            return nil
        }
        return try secret(token, of: "--admin-token")
    }
}

/// A table of text, columns as wide as they need to be. Clients choose the names in it: characters that would steer the
/// terminal are left out.
struct TextTable {
    private var rows: [[String]]

    init(_ header: [String]) {
        rows = [header]
    }

    mutating func add(_ row: [String]) {
        rows.append(row.map { Excerpt.singleLine($0) })
    }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
            return cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }.joined(separator: "\n")
    }
}
