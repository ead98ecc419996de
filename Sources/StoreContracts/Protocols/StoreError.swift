/// Why a store could not do its work. The text is for the log, not for callers.
package enum StoreError: Error, Sendable, CustomStringConvertible {
    /// The database did not take the operation; nothing of it is stored.
    case unavailable(String)
    /// More calls wait for a commit than the store holds back.
    case overloaded(waiting: Int)
    /// The database was written by a newer version of this service.
    case newerSchema(found: String)
    /// Another process serves this database.
    case inUse(String)
    /// A value in the database cannot be read.
    case corrupt(String)

    /// What happened, in one line.
    package var description: String {
        switch self {
        case .unavailable(let text): "the store is unavailable: \(text)"
        case .overloaded(let waiting): "the store is overloaded: \(waiting) calls wait for a commit"
        case .newerSchema(let found): "the database has schema \(found), which is newer than this version knows"
        case .inUse(let text): "the store is in use: \(text)"
        case .corrupt(let text): "the store holds what cannot be read: \(text)"
        }
    }
}
