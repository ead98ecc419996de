package import NIOCore
package import NIOHTTP1
import Text

/// Unpacks the bodies of requests whose `Content-Encoding` or `Transfer-Encoding` says that they are packed.
///
/// An unpacked request has no `Content-Encoding` any longer. A coding that the handler does not know, or a second one, stays
/// in the header, and the services refuse the request.
package final class BodyUnpacker: ChannelInboundHandler, RemovableChannelHandler {
    /// Parts of requests.
    package typealias InboundIn = HTTPServerRequestPart
    /// Parts of requests whose bodies are unpacked.
    package typealias InboundOut = HTTPServerRequestPart

    /// The body is longer than any service reads. The part that services read has been passed on.
    package struct TooLongError: Error {}

    private let limit: Int
    private var inflation: Inflation?
    private var unpackedBytes = 0
    /// Whether the rest of the body is thrown away, its end included.
    private var hasFailed = false

    /// Creates a handler of one connection.
    ///
    /// - Parameter limit: How much of a body is unpacked, in bytes.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Passes a part on, unpacked.
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            switch unwrapInboundIn(data) {
            case .head(var head):
                (hasFailed, unpackedBytes) = (false, 0)
                inflation = Self.takeCoding(from: &head.headers).map { Inflation($0) }
                context.fireChannelRead(wrapInboundOut(.head(head)))
            case .body(let part):
                guard !hasFailed else { return }
                guard let inflation else { return context.fireChannelRead(data) }
                try inflation.unpack(part) { output in
                    unpackedBytes += output.readableBytes
                    context.fireChannelRead(wrapInboundOut(.body(output)))
                    if unpackedBytes > limit { throw TooLongError() }
                }
            case .end:
                guard !hasFailed else { return }
                try inflation?.finish()
                inflation = nil
                context.fireChannelRead(data)
            }
        } catch {
            hasFailed = true
            inflation = nil
            context.fireErrorCaught(error)
        }
    }

    /// The format to unpack, if any. Takes the coding out of the headers, and puts there what cannot be unpacked.
    private static func takeCoding(from headers: inout HTTPHeaders) -> Inflation.Format? {
        let transfer = codings(headers, "Transfer-Encoding").filter { !$0.isSame(as: "chunked") }
        let content = codings(headers, "Content-Encoding")
        guard !content.isEmpty || !transfer.isEmpty else { return nil }
        if !transfer.isEmpty { headers.replaceOrAdd(name: "Transfer-Encoding", value: "chunked") }
        let all = content + transfer
        if all.count == 1, let format = Inflation.Format(coding: all[0]) {
            headers.remove(name: "Content-Encoding")
            return format
        }
        headers.replaceOrAdd(name: "Content-Encoding", value: all.joined(separator: ", "))
        return nil
    }

    private static func codings(_ headers: HTTPHeaders, _ name: String) -> [String] {
        guard headers.contains(name: name) else { return [] }
        // No coding has other characters, of which a long run takes long to compare; the services refuse them.
        return headers[canonicalForm: name].map { $0.utf8.allSatisfy { $0 < 0x80 } ? $0.lowercased() : String($0) }
            .filter { !$0.isEmpty && !$0.isSame(as: "identity") }
    }
}
