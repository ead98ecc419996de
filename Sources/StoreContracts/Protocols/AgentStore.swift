/// What a service keeps its state in. Implemented in memory, on SQLite and on PostgreSQL; one conformance suite holds what
/// each must do.
///
/// Every call is atomic and, once it returns, durable. Each throws ``StoreError``, after which nothing of it is stored.
/// Cancelling the calling task does not undo a call that has begun. Who needs a part of it asks for the protocol of that
/// part.
package protocol AgentStore: EventIntake, WebhookStore, DeliveryQueue, DeliveryHistory, SessionStore, StoreMaintenance,
    StoreHealth
{}
