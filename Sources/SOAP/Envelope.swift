package import XML

/// A request's envelope, read: the one element that names the operation and holds its arguments. ``EnvelopeReader`` shows
/// the header blocks to its caller while it reads, and keeps none of them.
package struct Envelope: Sendable {
    /// The version that the answer takes.
    package let version: SOAPVersion
    /// The child of Body; its namespace is the service's.
    package let operation: XMLElement
}
