/// One page of a list of deliveries.
package struct DeliveryQuery: Sendable, Hashable {
    /// Which deliveries the list holds.
    package var filter: DeliveryFilter
    /// The order of the list.
    package var order: DeliveryOrder
    /// The delivery that the page follows; nil for the first page.
    package var cursor: DeliveryID?
    /// The most deliveries that the page holds.
    package var limit: Int

    /// Creates a query of a page that follows `cursor`.
    package init(_ filter: DeliveryFilter, in order: DeliveryOrder, after cursor: DeliveryID?, limit: Int) {
        (self.filter, self.order, self.cursor, self.limit) = (filter, order, cursor, limit)
    }
}
