import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Takes notifications of webhooks, and believes those that are signed with the secret: `sample-receiver PORT SECRET`.
@main
struct Receiver {
    /// NetServer's notifications are far smaller; whoever sends more is not NetServer.
    static let largestBody = 1 << 20

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let port = Int(arguments[1]), !arguments[2].isEmpty else {
            FileHandle.standardError.write(Data("usage: sample-receiver PORT SECRET\n".utf8))
            exit(64)
        }
        let key = SymmetricKey(data: Data(arguments[2].utf8))
        let app = Application(
            responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
                Response(status: await answer(request, key: key))
            },
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: Logger(label: "receiver") { _ in SwiftLogNoOpLogHandler() }
        )
        try await app.runService()
    }

    static func answer(_ request: Request, key: SymmetricKey) async -> HTTPResponse.Status {
        guard request.method == .post else { return .methodNotAllowed }
        guard let body = try? await request.body.collect(upTo: largestBody) else { return .contentTooLarge }
        // The signature is of these very bytes: parse them only once they have been found right.
        let bytes = Data(body.readableBytesView)
        guard let name = HTTPField.Name("X-SuperOffice-Signature"), let text = request.headers[name],
            let signature = Data(base64Encoded: text),
            // Compares in constant time.
            HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: bytes, using: key)
        else { return .unauthorized }
        guard let notification = try? JSONDecoder().decode(Notification.self, from: bytes) else { return .badRequest }
        // A notification may come more than once; remember EventIds to act on each but once.
        let line = "accepted \(notification.event) \(notification.primaryKey)\n"
        // Past the buffer of print, which would hold it back from a pipe.
        FileHandle.standardOutput.write(Data(line.utf8))
        return .ok
    }

    /// What this receiver wants to know of a notification.
    struct Notification: Decodable {
        let event: String
        let primaryKey: Int

        enum CodingKeys: String, CodingKey {
            case event = "Event"
            case primaryKey = "PrimaryKey"
        }
    }
}
