"""More webhooks than a test could save one by one: copies of the first one, made in the database."""


def multiply(run, columns, count, target="target"):
    """Makes webhooks 2 to `count` of webhook 1, who listen to what it listens to.

    `run` carries an SQL statement out, and `columns` names the columns of a table; both of SQLite's and PostgreSQL's.
    `target` is the SQL expression of a copy's target by its number `i`; without it, all have the same.
    """
    numbers = f"WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    for table, key in (("webhook", "id"), ("webhook_usage", "webhook_id"), ("webhook_event", "webhook_id")):
        names = [name for name in columns(table) if name != key]
        values = [target if name == "target" else f"{target} || '/'" if name == "target_url" and target != "target"
                  else f"{table}.{name}" for name in names]
        run(f"{numbers} INSERT INTO {table} ({key}, {', '.join(names)}) "
            f"SELECT n.i, {', '.join(values)} FROM n, {table} WHERE {table}.{key} = 1")


def host(port):
    """The SQL expression of an address of its own for each, where nobody listens."""
    return f"'http://127.' || (9 + i / 62500) || '.' || (i / 250 % 250) || '.' || (i % 250 + 1) || ':{port}'"
