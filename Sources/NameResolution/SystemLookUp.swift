import Foundation
import NIOCore

/// The C library's look-up of a name, and threads for it. A look-up blocks, for 20 seconds and more when a server is silent.
enum SystemLookUp {
    /// Returns the addresses of `host`, without a port.
    static func addresses(of host: String) throws(ResolutionError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else {
            let reason = status == EAI_SYSTEM ? String(cString: strerror(errno)) : String(cString: gai_strerror(status))
            throw ResolutionError(reason, isDefinite: definite.contains(status))
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let address = address(entry.pointee), !addresses.contains(address) { addresses.append(address) }
            next = entry.pointee.ai_next
        }
        guard !addresses.isEmpty else { throw ResolutionError("it has no address", isDefinite: true) }
        return addresses
    }

    /// The name does not exist, or has no address (glibc's EAI_NODATA and EAI_ADDRFAMILY, which its headers hide).
    private static let definite: Set<CInt> = [EAI_NONAME, -5, -9]

    private static func address(_ entry: addrinfo) -> SocketAddress? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let size = socklen_t(text.count)
        guard entry.ai_family == AF_INET || entry.ai_family == AF_INET6,
            getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, size, nil, 0, NI_NUMERICHOST) == 0
        else { return nil }
        let address = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return try? SocketAddress(ipAddress: address, port: 0)
    }

    private final class Work: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// Runs `work` on a thread of its own. Returns false when the system has no thread left.
    static func startThread(_ work: @escaping @Sendable () -> Void) -> Bool {
        let argument = Unmanaged.passRetained(Work(work))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { argument in
                if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            },
            argument.toOpaque()
        )
        guard status == 0 else {
            argument.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}
