/// A store whose deliveries follow the states of their webhooks in steps (``DeliverySettling``).
package protocol SettlingStore {
    /// Waits until all deliveries have followed.
    func finishSettling() async
}
