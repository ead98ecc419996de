import StoreContracts

/// Why a statement was not carried out, or is not known to have been carried out.
package struct PostgreSQLError: Error {
    package enum Kind {
        /// There is no connection. Nothing was sent.
        case unreachable
        /// The connection broke. The statements that were sent may have been carried out.
        case lost
        /// Other sessions were in the way, and everything is undone. The statements may be tried again.
        case conflict
        /// The server refused a statement, and everything is undone.
        case statement
    }

    package let kind: Kind
    /// The server's text, without the values that were bound.
    package let text: String
    /// Whether a statement took longer than it may.
    let isTimeout: Bool
    /// The server's code of five letters or digits; empty where it sent none.
    package let code: String

    package init(_ kind: Kind, _ text: String, isTimeout: Bool = false, code: String = "") {
        (self.kind, self.text, self.isTimeout, self.code) = (kind, text, isTimeout, code)
    }

    /// Creates the error that a code of the server stands for ("PostgreSQL Error Codes").
    package init(code: String, message: String) {
        let kind: Kind =
            switch code {
            case "40001", "40P01", "55P03": .conflict
            // Shut down, or no longer the primary: another connection may lead to the one that is.
            case "57P01", "57P02", "57P03", "25006": .lost
            case _ where code.hasPrefix("08"): .lost
            default: .statement
            }
        self.init(kind, "\(message) (\(code))", isTimeout: code == "57014", code: code)
    }
}

extension StoreError {
    /// Creates the error of a store from an error of ``PostgreSQLLane``.
    package init(postgreSQL error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as PostgreSQLError where error.kind == .lost:
            self = .unavailable("the connection to PostgreSQL broke: \(error.text)")
        case let error as PostgreSQLError: self = .unavailable("PostgreSQL: \(error.text)")
        default: self = .unavailable("\(error)")
        }
    }
}
