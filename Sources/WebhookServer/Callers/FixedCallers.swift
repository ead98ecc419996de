package import AgentCore
import Cryptography

/// A fixed list of tickets: in `--dev` the documentation's own, so that its samples can be posted as they stand;
/// otherwise none, which refuses every call.
package struct FixedCallers: CallerDirectory {
    private let callers: [(ticket: [UInt8], caller: Caller)]

    /// - Parameter callers: Who calls, by ticket.
    package init(_ callers: [String: Caller]) {
        self.callers = callers.map { (Array($0.key.utf8), $0.value) }
    }

    /// The credentials of NetServer's documentation (design.md, "One process").
    package static let documented = FixedCallers(["7T:1234abcxyzExample==": .documented])

    package func caller(ticket: String?, applicationToken: String?) async throws(AgentError) -> Caller {
        guard let ticket, !ticket.isEmpty else { throw .noSession(ticketIsMissing: true) }
        let sent = Array(ticket.utf8)
        guard let known = callers.first(where: { ConstantTime.areEqual($0.ticket, sent) }) else {
            throw .noSession(ticketIsMissing: false)
        }
        return known.caller
    }
}

extension Caller {
    /// The user `tje0` of the documentation's samples, on an on-site installation.
    package static let documented = Caller(
        tenant: "Default",
        associate: Associate(
            associateID: 5,
            name: "tje0",
            personID: 3,
            rank: 1,
            groupIndex: 1,
            fullName: "Tje Nul",
            userName: "tje0"
        )
    )
}
