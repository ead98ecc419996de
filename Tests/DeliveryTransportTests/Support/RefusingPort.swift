import Foundation
import NIOCore

/// Ports of 127.0.0.1 that refuse every connection.
enum RefusingPort {
    /// Takes such a port for as long as the process lives.
    ///
    /// A socket holds the port and does not listen. Hence no test that runs at the same time can listen there.
    ///
    /// - Throws: An `IOError` when the system gives no socket.
    static func take() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isTaken = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard isTaken else { throw IOError(errnoCode: errno, reason: "bind") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
