import Foundation

/// How many connections the process can take: a listener without descriptors would spin.
enum FileDescriptors {
    /// Set aside for deliveries, the database, and the rest.
    private static let reserved = 1024
    /// Connections at most, whatever the system allows.
    private static let mostConnections = 8192

    /// Raises the process's limit to what it may be, and says how many connections that leaves room for.
    static let connections: Int = {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return mostConnections }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let allowed = Int(clamping: limit.rlim_cur)
        return max(16, min(mostConnections, allowed - min(reserved, allowed / 2)))
    }()
}
