import JSON

/// Why JSON is refused; nil when it is not.
func refusal(ofJSON text: String, limits: JSONReader.Limits = JSONReader.Limits()) -> JSONReadError? {
    refusal(ofJSON: Array(text.utf8), limits: limits)
}

/// Why JSON is refused; nil when it is not.
func refusal(ofJSON bytes: [UInt8], limits: JSONReader.Limits = JSONReader.Limits()) -> JSONReadError? {
    do {
        _ = try JSONReader(limits: limits).read(bytes)
        return nil
    } catch {
        return error
    }
}
