import Foundation

/// A request as its bytes came over the socket.
struct ReceivedRequest: Sendable {
    var requestLine: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    /// Nil until `bytes` hold a whole request.
    init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        var lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        requestLine = lines.removeFirst()
        headers = lines.map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            let value = line[colon...].dropFirst()
            return (String(line[..<colon]), value.first == " " ? String(value.dropFirst()) : String(value))
        }
        body = Array(bytes[end.upperBound...])
        guard body.count >= header("content-length").flatMap({ Int($0) }) ?? 0 else { return nil }
    }

    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }
}
