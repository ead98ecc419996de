package import WebhookModel

/// One page of a list of webhooks by id.
package struct WebhookQuery: Sendable, Hashable {
    /// Which webhooks the list holds.
    package var filter: WebhookFilter
    /// The id that the page follows; 0 for the first page.
    package var cursor: Int32
    /// The most webhooks that the page holds.
    package var limit: Int

    /// Creates a query of a page that follows `cursor`; by default of the whole list.
    package init(_ filter: WebhookFilter = WebhookFilter(), after cursor: Int32 = 0, limit: Int = .max) {
        (self.filter, self.cursor, self.limit) = (filter, cursor, limit)
    }
}
