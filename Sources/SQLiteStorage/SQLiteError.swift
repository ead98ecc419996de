import GRDB
import StoreContracts

extension StoreError {
    /// What GRDB reports, without the values that were bound.
    package init(sqlite error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError: self = .unavailable(error.description)
        default: self = .unavailable("\(error)")
        }
    }
}
