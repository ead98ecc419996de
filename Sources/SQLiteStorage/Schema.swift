import GRDB

/// The schema, as migrations that are only ever added to.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(sql: version1)
        }
        migrator.registerMigration("2") { database in
            try database.execute(sql: version2)
        }
        migrator.registerMigration("3") { database in
            try database.execute(sql: version3)
        }
        migrator.registerMigration("4") { database in
            try database.execute(sql: version4)
        }
        return migrator
    }

    /// Times are in ticks of 100 ns since 1970. `delivery.due` is when the next attempt is due or, while somebody holds
    /// the lease, when that ends: so that a claim and its end are one indexed column. `delivery.state` is ``DeliveryRowState``'s
    /// number. A delivered row leaves `delivery`; what its body needs goes into the attempt that delivered it.
    private static let version1 = """
        CREATE TABLE webhook (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant TEXT NOT NULL,
            application TEXT,
            name TEXT,
            events TEXT,
            target_url TEXT,
            target TEXT NOT NULL,
            secret TEXT,
            state INTEGER NOT NULL,
            type TEXT,
            is_deliverable INTEGER NOT NULL,
            headers TEXT,
            properties TEXT,
            body_suffix BLOB NOT NULL,
            registered INTEGER NOT NULL,
            registered_by TEXT,
            updated INTEGER NOT NULL,
            updated_by TEXT
        ) STRICT;
        CREATE INDEX webhook_tenant ON webhook (tenant, id);
        CREATE INDEX webhook_target ON webhook (target);

        CREATE TABLE webhook_event (
            tenant TEXT NOT NULL,
            event_key TEXT NOT NULL,
            webhook_id INTEGER NOT NULL,
            PRIMARY KEY (tenant, event_key, webhook_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX webhook_event_webhook ON webhook_event (webhook_id);

        CREATE TABLE webhook_usage (
            webhook_id INTEGER PRIMARY KEY,
            total_calls INTEGER NOT NULL DEFAULT 0,
            total_errors INTEGER NOT NULL DEFAULT 0,
            consecutive_errors INTEGER NOT NULL DEFAULT 0,
            last_error TEXT,
            paused_until INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE event (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            guid TEXT NOT NULL,
            tenant TEXT NOT NULL,
            name TEXT NOT NULL,
            name_key TEXT NOT NULL,
            body_head BLOB NOT NULL,
            body_tail BLOB NOT NULL,
            created INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE delivery (
            event_id INTEGER NOT NULL,
            webhook_id INTEGER NOT NULL,
            state INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            due INTEGER NOT NULL,
            owner TEXT,
            fence INTEGER NOT NULL,
            body_suffix BLOB NOT NULL,
            reason TEXT,
            is_replay INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (event_id, webhook_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX delivery_queue ON delivery (state, webhook_id, due);

        CREATE TABLE attempt (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            event_id INTEGER NOT NULL,
            webhook_id INTEGER NOT NULL,
            url TEXT NOT NULL,
            own_headers TEXT,
            started INTEGER NOT NULL,
            duration INTEGER NOT NULL,
            retry INTEGER NOT NULL,
            status INTEGER,
            error_class TEXT,
            summary TEXT NOT NULL,
            signature TEXT,
            answer BLOB NOT NULL,
            delivered_suffix BLOB
        ) STRICT;
        CREATE INDEX attempt_delivery ON attempt (event_id, webhook_id);
        """

    /// `session.user_key` is the name in the form that is compared. Digests of tickets, not tickets.
    private static let version2 = """
        CREATE TABLE session (
            digest BLOB PRIMARY KEY,
            tenant TEXT NOT NULL,
            user_name TEXT NOT NULL,
            user_key TEXT NOT NULL,
            created INTEGER NOT NULL,
            used INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX session_user ON session (tenant, user_key, used);
        CREATE INDEX session_used ON session (used);
        """

    /// `extras` is ``WebhookExtras`` as JSON; null for none.
    private static let version3 = "ALTER TABLE webhook ADD COLUMN extras TEXT"

    /// `failing_since` and `last_failure` are ``FailureRow``'s times.
    private static let version4 = """
        ALTER TABLE webhook_usage ADD COLUMN failing_since INTEGER;
        ALTER TABLE webhook_usage ADD COLUMN last_failure INTEGER;
        """
}
