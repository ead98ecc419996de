import AgentCore
import Foundation
import JSON
import Text
import WebhookModel

/// A query of NetServer's dynamic archive for the counters of webhooks: it chooses columns, one webhook or all, and a page.
struct UsageQuery: Sendable {
    /// The columns of `webhook_usage` that are known, as `$select` and the answer name them.
    enum Column: String, CaseIterable, Sendable {
        case id = "webhook_usage.webhook_usage_id"
        case totalCalls = "webhook_usage.total_calls"
        case totalErrors = "webhook_usage.total_errors"
        case consecutiveErrors = "webhook_usage.consecutive_errors"
        case lastError = "webhook_usage.last_error"

        static let table = "webhook_usage"
    }

    private var columns: [Column] = []
    private var webhook: Int32?
    private var first = 0
    private var count = Int.max

    /// Reads a query by the names of its parameters in lower case. Throws a problem that names what is not supported.
    init(_ query: [String: String]) throws(RESTError) {
        for text in (query["$select"] ?? "").split(separator: ",") {
            let name = text.trimmingCharacters(in: .whitespaces).lowercased()
            guard let column = Column(rawValue: name) else {
                let names = Column.allCases.map(\.rawValue).joined(separator: ", ")
                throw .argument("$select: there is no column \(Excerpt.quoted(name)) here; there are \(names).")
            }
            if !columns.contains(column) { columns.append(column) }
        }
        if columns.isEmpty { columns = Column.allCases }
        if let text = query["$filter"], !text.allSatisfy(\.isWhitespace) {
            let form = /\s*webhook_usage\.webhook_usage_id\s*(?:=|\s(?:eq|equals)\s)\s*(-?[0-9]+)\s*/.ignoresCase()
            guard let match = text.wholeMatch(of: form), let id = Int32(match.1) else {
                throw .argument(
                    "$filter: only 'webhook_usage.webhook_usage_id eq 5' is supported, with a webhook's id."
                )
            }
            webhook = id
        }
        guard query["$orderby"] == nil else {
            throw .argument("$orderBy is not supported; rows are in the order of webhooks' ids.")
        }
        first = try Self.number("$skip", query) ?? 0
        count = try Self.number("$top", query) ?? .max
    }

    private static func number(_ name: String, _ query: [String: String]) throws(RESTError) -> Int? {
        guard let text = query[name] else { return nil }
        guard let number = Int32(text), number >= 0 else {
            throw .argument("\(name) must be a whole number from 0 to \(Int32.max).")
        }
        return Int(number)
    }

    /// The answer: NetServer's `ODataSlimResponse`.
    ///
    /// - Parameters:
    ///   - api: The URL of `/api/v1`.
    ///   - usages: Reads the counters of the webhooks whose ids are in a range: of so many with the lowest ids.
    func list(
        api: String,
        usages: @escaping @Sendable (ClosedRange<Int32>, Int) async throws(AgentError) -> [Int32: WebhookUsage]
    ) -> RESTList {
        RESTList(
            root: "ODataSlimResponse",
            item: "row",
            member: (
                "value", ["odata.metadata": .string(api + "/archive/$metadata"), "odata.nextLink": .null]
            ),
            skip: first,
            top: count
        ) { id, limit throws(AgentError) in
            guard id < .max, let ids = ids(after: id) else { return [] }
            return try await usages(ids, limit).sorted { $0.key < $1.key }
                .map { (id: $0.key, value: row($0.key, $0.value)) }
        }
    }

    /// Returns the ids that are asked for and follow `id`; nil when there are none.
    private func ids(after id: Int32) -> ClosedRange<Int32>? {
        guard let webhook else { return id + 1...(.max) }
        return webhook > id ? webhook...webhook : nil
    }

    private func row(_ id: Int32, _ usage: WebhookUsage) -> RESTContent {
        var row: JSONObject = ["PrimaryKey": JSONValue(id), "EntityName": .string(Column.table)]
        for column in columns {
            let value =
                switch column {
                case .id: JSONValue(id)
                case .totalCalls: JSONValue(usage.totalCalls)
                case .totalErrors: JSONValue(usage.totalErrors)
                case .consecutiveErrors: JSONValue(usage.consecutiveErrors)
                case .lastError: JSONValue(usage.lastError)
                }
            row.append(value, named: column.rawValue)
        }
        return .value(.object(row))
    }
}
