import Synchronization

/// What was told, in order.
package final class Recorder<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    /// Creates a recorder that was told nothing yet.
    package init() {}

    /// Everything that was told.
    package var all: [Element] { elements.withLock { $0 } }

    /// Takes note of `element`.
    package func add(_ element: Element) {
        elements.withLock { $0.append(element) }
    }
}
