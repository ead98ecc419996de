import AgentCore
package import JSON
package import StoreContracts
import WebhookModel

/// What the admin API answers, as JSON. The service writes it and the command line decodes it.
package enum AdminAPI {
    /// What stands before the path of every call.
    package static let prefix = "/admin/v1/"

    /// Whether the engine has nothing to do.
    package struct Idle: AdminAnswer {
        /// Whether nothing is pending or in flight.
        package let idle: Bool
        /// How many deliveries are pending.
        package let pending: Int

        /// Creates an answer.
        package init(idle: Bool, pending: Int) {
            (self.idle, self.pending) = (idle, pending)
        }

        package var json: JSONValue {
            .members(("idle", .bool(idle)), ("pending", JSONValue(pending)))
        }
    }

    /// Why a call was not answered.
    package struct Problem: AdminAnswer {
        /// What is wrong.
        package let error: String

        /// Creates an answer.
        package init(error: String) {
            self.error = error
        }

        package var json: JSONValue {
            .members(("error", .string(error)))
        }
    }
}

// MARK: Sessions

extension AdminAPI {
    /// A session, by what tells it apart; never the ticket.
    package struct Ticket: AdminAnswer {
        /// What tells it apart.
        package let id: String
        /// The tenant.
        package let tenant: String
        /// The user.
        package let user: String
        /// When the user logged in.
        package let created: String
        /// When it was used last.
        package let used: String
        /// When it ends unless it is used.
        package let expires: String

        fileprivate init(_ session: Session, lifetime: Duration) {
            id = session.key.id
            tenant = session.tenant
            user = session.userName
            created = session.created.description
            used = session.used.description
            expires = session.used.advanced(by: lifetime).description
        }

        package var json: JSONValue {
            .members(
                ("created", .string(created)),
                ("expires", .string(expires)),
                ("id", .string(id)),
                ("tenant", .string(tenant)),
                ("used", .string(used)),
                ("user", .string(user))
            )
        }
    }

    /// Sessions.
    package struct TicketList: AdminAnswer {
        /// The sessions.
        package let tickets: [Ticket]

        /// Creates a list of sessions that end when they have not been used for `lifetime`.
        package init(_ sessions: [Session], lifetime: Duration) {
            tickets = sessions.map { Ticket($0, lifetime: lifetime) }
        }

        package var json: JSONValue {
            .members(("tickets", .array(tickets.map(\.json))))
        }
    }

    /// What came of ending sessions.
    package struct Revocation: AdminAnswer {
        /// How many sessions were ended.
        package let revoked: Int

        /// Creates an answer.
        package init(revoked: Int) {
            self.revoked = revoked
        }

        package var json: JSONValue {
            .members(("revoked", JSONValue(revoked)))
        }
    }
}
