import StoreSupport

extension StoreTable.Kind {
    /// The type that a parameter is sent as.
    package var parameterType: String {
        switch self {
        case .int, .flag: "int8"
        case .text, .guid: "text"
        case .bytes: "bytea"
        }
    }
}

extension [StoreTable.Column] {
    /// Parameters from number `first` on, each a column's value.
    package func parameters(from first: Int) -> String {
        enumerated().map {
            "$\(first + $0.offset)::\($0.element.kind == .flag ? "bool" : $0.element.kind.parameterType)"
        }
        .joined(separator: ", ")
    }

    /// Parameters from number `first` on, each an array of a column's values.
    package func arrayParameters(from first: Int) -> String {
        enumerated().map { "$\(first + $0.offset)::\($0.element.kind.parameterType)[]" }.joined(separator: ", ")
    }
}
