import Foundation
package import NIOCore
package import WebhookModel

extension SendError {
    /// What a socket's error means: whose failure it is, in a sentence.
    ///
    /// A target refuses, resets or stays silent. A machine runs short of descriptors, ports, memory or routes, or forbids
    /// the connection; that says nothing about the target.
    package init(_ error: IOError) {
        switch error.errnoCode {
        case EMFILE:
            self.init(.local, "This service has no file descriptor left to connect with (raise its limit nofile).")
        case ENFILE:
            self.init(.local, "This machine has no file descriptor left to connect with (raise fs.file-max).")
        case EADDRNOTAVAIL, EADDRINUSE:
            self.init(
                .local,
                "This machine has no local address or port left to connect from (widen net.ipv4.ip_local_port_range)."
            )
        // EAGAIN says that a table of the system has no place left for a connection.
        case ENOBUFS, ENOMEM, EAGAIN:
            self.init(.local, "This machine has no memory left for a connection to the target.")
        case ENETUNREACH, ENETDOWN, ENONET:
            self.init(.network, "This machine has no route to the target's network.")
        case EACCES, EPERM:
            self.init(.network, "This machine forbids the connection to the target (see its firewall and its routes).")
        case EAFNOSUPPORT, EPROTONOSUPPORT:
            self.init(.network, "This machine does not support the kind of the target's address (IPv4 or IPv6).")
        case ECONNREFUSED:
            self.init(.connection, "The target refused the connection; its port may be closed.")
        case ECONNRESET, EPIPE, ECONNABORTED:
            self.init(.connection, "The target broke the connection off before its answer was complete.")
        case EHOSTUNREACH, EHOSTDOWN:
            self.init(.connection, "The target cannot be reached; its machine may be switched off.")
        case ETIMEDOUT:
            self.init(.timeout, "The target did not answer the connection in time.")
        default:
            let reason = String(cString: strerror(error.errnoCode))
            self.init(.connection, "The connection to the target failed: \(reason).")
        }
    }

    /// Whether a descriptor was missing, so that another attempt succeeds once one is free.
    static func isShortageOfDescriptors(_ error: any Error) -> Bool {
        guard let error = error as? IOError else { return false }
        return error.errnoCode == EMFILE || error.errnoCode == ENFILE
    }
}
