import Synchronization

/// The descriptions of all services. Each is made when a client asks for it first, and is kept.
package final class ServiceDescriptions: Sendable {
    private struct ID: Hashable {
        var name: ServiceName
        var number: ServiceNumber
    }

    private let made = Mutex<[ID: ServiceDescription]>([:])

    /// Creates a collection that has made no description yet.
    package init() {}

    /// Returns the description of a service of a number.
    package func description(of name: ServiceName, number: ServiceNumber) -> ServiceDescription {
        made.withLock { made in
            let id = ID(name: name, number: number)
            if let description = made[id] { return description }
            let description = ServiceDescription(name: name, number: number)
            made[id] = description
            return description
        }
    }
}
