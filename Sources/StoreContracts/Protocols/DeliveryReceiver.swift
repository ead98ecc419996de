/// Takes deliveries over that a store has just committed, so that nobody has to claim them.
///
/// A store reserves room before it writes a delivery. What gets room is written as leased, and taken over after the commit.
/// What gets none is written as due, for a claim to find. The calls come from the store's threads and must not block.
package protocol DeliveryReceiver: Sendable {
    /// Makes room for a delivery to a target (``Webhook/target``) whose webhook has no consecutive errors and no pause.
    /// Returns the lease to write; nil where there is no room, or where older deliveries may wait for a claim.
    func reserve(target: String) -> Lease?

    /// Takes over deliveries that are committed, each of which has room.
    func take(_ deliveries: [ClaimedDelivery])

    /// Gives up room, one place for each of the targets.
    func giveBack(_ targets: [String])
}
