package import NIOCore

/// Turns names into addresses.
package protocol NameResolver: Sendable {
    /// Returns every address of `host` within a few seconds, in the order in which to try them. The future fails with
    /// ``ResolutionError`` when there is none.
    func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]>
}

/// Why a name has no address now.
package struct ResolutionError: Error, Hashable, CustomStringConvertible {
    /// Whether the name's servers said that there is none. Otherwise nobody knows, because a server was silent or this
    /// machine lacked something.
    package let isDefinite: Bool
    /// The reason, to stand in a sentence.
    package let description: String

    /// - Parameter isDefinite: Whether the name's servers said that there is no address.
    package init(_ description: String, isDefinite: Bool) {
        (self.isDefinite, self.description) = (isDefinite, description)
    }
}
