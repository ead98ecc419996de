import JSON

/// Reads JSON given as text.
func parsedJSON(_ text: String) throws(JSONReadError) -> JSONValue {
    try JSONReader().read(Array(text.utf8))
}
