/// Keeps the state of a service. There are stores in memory, on SQLite and on PostgreSQL; one conformance suite says what
/// each must do.
///
/// Every call is atomic and, once it returns, durable. A call that throws ``StoreError`` has stored nothing. Cancelling the
/// calling task does not undo a call that has begun. Code that needs a part of a store asks for the protocol of that part.
package protocol AgentStore: EventIntake, WebhookStore, DeliveryQueue, DeliveryHistory, SessionStore, StoreMaintenance,
    StoreHealth
{}
