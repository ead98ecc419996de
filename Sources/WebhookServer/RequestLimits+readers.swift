import JSON
import ServerConfiguration
import XML

// What bounds a request, for the readers of its body. Readers know no settings, so that the words for a remedy come from
// here.

extension XMLLimits {
    /// Bounds what one request may cost to read as XML.
    init(_ limits: RequestLimits) {
        self.init(
            bytes: limits.bodyBytes,
            depth: limits.depth,
            textBytes: limits.textBytes,
            remedies: [
                .bytes: "setting max-body-bytes", .depth: "setting max-depth", .textBytes: "setting max-text-bytes",
            ]
        )
    }
}

extension JSONReader.Limits {
    /// Bounds what one request may cost to read as JSON.
    init(_ limits: RequestLimits) {
        self.init(
            depth: limits.depth,
            textBytes: limits.textBytes,
            remedies: [.depth: "setting max-depth", .textBytes: "setting max-text-bytes"]
        )
    }
}
