import NIOCore
import Networking
import Text
import WebhookModel

/// The HTTP proxy that all notifications go through, and the rules that tell its failures from those of targets.
struct ForwardProxy: Sendable {
    let url: TargetURL
    /// How texts name what an operator can change about the proxy; nil where they do not.
    let remedy: String?

    /// The proxy, as texts name it.
    private var name: String { "The proxy \(url.authority)" + (remedy.map { " (\($0))" } ?? "") }

    /// An error that came before the proxy had opened a way to the target.
    struct UnreachableError: Error {
        var error: any Error
    }

    /// The failure of a connection to the proxy, as the proxy's. A failure of this machine stays one.
    func blamed(for failure: SendError) -> SendError {
        guard failure.kind.isTargets else { return failure }
        return SendError(.proxy, failure.text.replacing("The target", with: name, maxReplacements: 1))
    }

    /// The failure to find the proxy's address.
    func unresolved(_ error: any Error) -> SendError {
        SendError(
            .proxy,
            "The name of the proxy \(url.authority) cannot be resolved: \(error)."
                + (remedy.map { " Correct the \($0)." } ?? "")
        )
    }

    // MARK: Targets without TLS

    /// Tells the proxy's own errors from the answers of targets, which they replace:
    ///
    /// - 407 is an error of the proxy: only proxies send it (RFC 9110, section 15.5.8).
    /// - 502, 503 and 504 are errors of the proxy when `Proxy-Status` (RFC 9209) tells of an error and of no answer that the
    ///   proxy received, or when the answer has Squid's `X-Squid-Error`.
    ///
    /// Any other answer may be the target's, and counts as the target's.
    func outcome(of answer: TargetAnswer, for target: TargetURL) -> SendOutcome {
        let isProxys = answer.status == 407 || (502...504).contains(answer.status) && Self.tellsOfProxy(answer.headers)
        guard isProxys else { return .answered(answer) }
        return .failed(refusal(status: answer.status, line: answer.statusLine, target: target))
    }

    private static func tellsOfProxy(_ headers: [StringDictionary.Entry]) -> Bool {
        headers.contains { header in
            switch header.key.lowercased() {
            case "x-squid-error": true
            case "proxy-status":
                // The last member is that of the proxy next to us.
                header.value?.split(separator: ",").last.map { member in
                    let names = member.split(separator: ";").dropFirst().map { parameter in
                        parameter.prefix { $0 != "=" }.filter { $0 != " " }.lowercased()
                    }
                    return names.contains("error") && !names.contains("received-status")
                } ?? false
            default: false
            }
        }
    }

    // MARK: Tunnels

    /// The request for a tunnel (RFC 9110, section 9.3.6).
    func tunnelRequest(to target: TargetURL) -> String {
        var lines = ["CONNECT \(target.authority) HTTP/1.1", "Host: \(target.authority)"]
        if let authorization = url.basicAuthorization { lines.append("Proxy-Authorization: \(authorization)") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// The failure that a status other than a success stands for.
    func refusal(status: Int, line: String, target: TargetURL) -> SendError {
        let place = Excerpt.quoted(target.authority)
        let line = Excerpt.plain(line)
        let text =
            switch status {
            case 407 where url.basicAuthorization == nil:
                "\(name) asks for a user and a password (\(line)). Write them into the setting, as in http://user:password@HOST:PORT."
            case 407: "\(name) does not take the setting's user and password (\(line)). Correct them."
            case 500...: "\(name) did not reach \(place) (\(line)). See the proxy's log for the reason."
            default: "\(name) does not let us through to \(place) (\(line)). Allow it in the proxy's rules."
            }
        return SendError(.proxy, text)
    }

    func failure(_ text: String) -> SendError {
        SendError(.proxy, "\(name) \(text)")
    }
}

/// Asks the proxy for a tunnel, and makes way for the target's bytes once it is open.
final class ProxyTunnelHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let proxy: ForwardProxy
    private let target: TargetURL
    private let opened: EventLoopPromise<Void>
    private var received = ByteBuffer()
    private var isDone = false

    /// How long the proxy may take.
    private static let time = TimeAmount.seconds(10)
    /// How long its answer may be.
    private static let answerBytes = 16 << 10

    /// - Parameter opened: Succeeds when the tunnel is open; fails with a ``SendError``.
    init(proxy: ForwardProxy, target: TargetURL, opened: EventLoopPromise<Void>) {
        (self.proxy, self.target, self.opened) = (proxy, target, opened)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let alarm = context.eventLoop.assumeIsolated().scheduleTask(in: Self.time) {
            self.fail(context: context, "did not open a tunnel within 10 seconds.")
        }
        opened.futureResult.whenComplete { _ in alarm.cancel() }
        let request = ByteBuffer(string: proxy.tunnelRequest(to: target))
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return context.fireChannelRead(data) }
        received.writeImmutableBuffer(unwrapInboundIn(data))
        while !isDone, let head = takeHead() {
            guard let status = Self.status(of: head) else {
                return fail(context: context, "does not answer as an HTTP proxy does: \(Excerpt.quoted(head)).")
            }
            switch status {
            case 100..<200: continue
            case 200..<300: open(context: context)
            default:
                finish(context: context, proxy.refusal(status: status, line: head, target: target))
            }
        }
        if !isDone, received.readableBytes > Self.answerBytes || !isLikelyHTTP {
            let beginning = String(decoding: received.readableBytesView.prefix(100), as: UTF8.self)
            fail(context: context, "does not answer as an HTTP proxy does: \(Excerpt.quoted(beginning)).")
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(
            context: context,
            "closed the connection instead of opening a tunnel to \(Excerpt.quoted(target.authority))."
        )
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isDone else { return context.fireErrorCaught(error) }
        isDone = true
        opened.fail(ForwardProxy.UnreachableError(error: error))
        context.close(promise: nil)
    }

    private func open(context: ChannelHandlerContext) {
        isDone = true
        // The code that waits for this adds the target's handlers now, behind this one.
        opened.succeed()
        if received.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(received)) }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func fail(context: ChannelHandlerContext, _ text: String) {
        finish(context: context, proxy.failure(text))
    }

    private func finish(context: ChannelHandlerContext, _ failure: SendError) {
        guard !isDone else { return }
        isDone = true
        opened.fail(failure)
        context.close(promise: nil)
    }

    private var isLikelyHTTP: Bool {
        received.readableBytesView.prefix(5).elementsEqual("HTTP/".utf8.prefix(received.readableBytes))
    }

    /// The first line of an answer whose last header has come; nil before.
    private func takeHead() -> String? {
        let bytes = received.readableBytesView
        for line in [Array("\r\n\r\n".utf8), Array("\n\n".utf8)] {
            guard let end = bytes.firstRange(of: line) else { continue }
            let first = bytes[..<end.lowerBound].prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
            let text = String(decoding: first, as: UTF8.self)
            received.moveReaderIndex(forwardBy: bytes.distance(from: bytes.startIndex, to: end.upperBound))
            return text
        }
        return nil
    }

    /// The status of `HTTP/1.1 200 Connection established` (RFC 9112, section 4).
    private static func status(of line: String) -> Int? {
        let parts = line.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), parts[1].utf8.count == 3 else { return nil }
        return Int(parts[1]).flatMap { (100..<600).contains($0) ? $0 : nil }
    }
}
