import Foundation
package import HTTPTypes
package import NIOCore
import Networking

/// Tells a program of this machine from a client elsewhere for whom a proxy of this machine asks.
///
/// A proxy that adds no header, and asks for the service by its address, cannot be told from a program: the admin API needs
/// a token there.
package enum ForwardingHeaders {
    /// Headers that proxies, load balancers and networks for delivery add, in lower case.
    private static let names: Set<String> = [
        "forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-remote-ip", "x-remote-addr",
        "client-ip",
        "true-client-ip", "x-true-client-ip", "proxy-client-ip", "wl-proxy-client-ip", "x-proxyuser-ip", "x-host",
        "x-scheme", "x-url-scheme", "front-end-https", "x-varnish", "cdn-loop", "x-cloud-trace-context",
        "incap-client-ip", "x-coming-from", "max-forwards",
    ]
    /// What the names of others begin with.
    private static let prefixes = [
        "x-forwarded", "x-original-", "x-proxy-", "x-envoy-", "x-arr-", "x-amz", "x-azure-", "x-appengine-",
        "x-sucuri-",
        "x-akamai-", "akamai-", "fastly-", "fly-", "cf-", "tailscale-", "x-vercel-", "x-nf-",
    ]

    /// Whether the request carries one of them.
    package static func stand(in headers: HTTPFields) -> Bool {
        headers.contains { field in
            let name = field.name.canonicalName
            return names.contains(name) || prefixes.contains { name.hasPrefix($0) }
        }
    }

    /// Whether the other end of the connection is this machine, asks for it by its own name, and forwards for nobody.
    package static func isLocal(_ request: HTTPRequest, peer: SocketAddress?) -> Bool {
        guard let peer = peer?.ipAddress.flatMap(IPAddress.init(zoned:)), peer.isLoopback,
            let authority = request.authority,
            !stand(in: request.headerFields)
        else { return false }
        let host = HostPort(authority)?.host ?? authority.trimmingCharacters(in: ["[", "]"])
        return HostPort.isLoopback(host)
    }
}
