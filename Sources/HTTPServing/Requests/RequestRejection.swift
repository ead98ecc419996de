import NIOHTTP1
import RequestDecoding

/// The answer to a request that no service can read: a status and one line of text.
enum RequestRejection {
    /// The request did not arrive in time.
    case late
    /// CONNECT.
    case proxyRequest
    /// The request does not say clearly what it asks for.
    case unclearTarget(RequestTarget.TargetError)
    /// The bytes are no request.
    case unreadable(HTTPParserError)
    /// The body cannot be unpacked.
    case unreadableBody(Inflation.InflationError)

    private static let methods = "GET, HEAD, POST"

    /// The head of the answer, which ends the connection.
    func head(bodyBytes: Int) -> HTTPResponseHead {
        var headers = HTTPHeaders()
        if case .proxyRequest = self { headers.add(name: "Allow", value: Self.methods) }
        headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        headers.add(name: "Cache-Control", value: "no-store")
        headers.add(name: "Content-Length", value: String(bodyBytes))
        headers.add(name: "Connection", value: "close")
        return HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    }

    /// What the client is told, without a line's end.
    var text: String {
        switch self {
        case .late: "The request did not arrive as a whole in time."
        case .proxyRequest: "CONNECT asks for a proxy, which this service is not."
        case .unclearTarget(let problem): problem.text
        case .unreadable(let error): Self.answer(to: error).text
        case .unreadableBody(let failure): failure.text
        }
    }

    private var status: HTTPResponseStatus {
        switch self {
        case .late: .requestTimeout
        case .proxyRequest: .methodNotAllowed
        case .unclearTarget: .badRequest
        case .unreadable(let error): Self.answer(to: error).status
        case .unreadableBody(let failure): failure == .noMemory ? .serviceUnavailable : .badRequest
        }
    }

    private static func answer(to error: HTTPParserError) -> (status: HTTPResponseStatus, text: String) {
        switch error {
        case .headerOverflow:
            (.requestHeaderFieldsTooLarge, "The request's headers are more than this service reads (80 KiB in all).")
        case .invalidVersion: (.httpVersionNotSupported, "This service speaks HTTP/1.1 and HTTP/1.0.")
        case .invalidContentLength, .unexpectedContentLength:
            (
                .badRequest,
                "The request's Content-Length is no number, stands there twice, or stands beside Transfer-Encoding."
            )
        case .invalidChunkSize: (.badRequest, "The request's body is not in chunks, as Transfer-Encoding says.")
        default: (.badRequest, "This is not a request in HTTP/1.1.")
        }
    }
}
