import Foundation
import NIOCore
import NIOSSL
import TestSupport

/// A certificate that is signed by nobody but itself, made with the `openssl` command.
struct TestCertificate: Sendable {
    /// PEM file of the certificate.
    let file: String
    /// For a server that shows it.
    let context: NIOSSLContext
    /// The names that clients asked that server for (SNI), nil where one asked for none.
    let askedNames: Watched<[String?]>

    /// The path of the command, nil where it is not installed.
    static let command: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { String($0) + "/openssl" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    struct Failure: Error {
        let status: Int32
    }

    /// Runs `body` with a certificate for the names, which are gone after it.
    ///
    /// - Parameter names: Subject alternative names as OpenSSL takes them; none at all where it is empty.
    static func with(
        _ names: String = "DNS:target.test,IP:127.0.0.1",
        commonName: String = "test",
        _ body: (TestCertificate) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("TestCertificate-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let (file, keyFile) = (directory.path + "/certificate.pem", directory.path + "/key.pem")
        let status = try await Program.run(
            command ?? "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=" + commonName, "-keyout", keyFile, "-out", file,
            ] + (names.isEmpty ? [] : ["-addext", "subjectAltName=" + names])
        )
        guard status == 0 else { throw Failure(status: status) }
        let chain = try NIOSSLCertificate.fromPEMFile(file).map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(file: keyFile, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain,
            privateKey: .privateKey(key)
        )
        let askedNames = Watched<[String?]>([])
        configuration.sslContextCallback = { values, promise in
            askedNames.update { $0.append(values.serverHostname) }
            promise.succeed(.noChanges)
        }
        let context = try NIOSSLContext(configuration: configuration)
        try await body(TestCertificate(file: file, context: context, askedNames: askedNames))
    }
}
