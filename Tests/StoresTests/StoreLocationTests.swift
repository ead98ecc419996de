import Testing

@testable import Stores

@Suite("Where a PostgreSQL store is")
struct StoreLocationTests {
    @Test(
        "Is shown without passwords",
        arguments: [
            ("postgres://user:secret@host/db", "postgres://host/db"),
            ("postgresql://user:se%40cret@host:5433/db?sslmode=require", "postgres://host:5433/db"),
            ("postgres://host/db?password=secret", "postgres://host/db"),
            ("postgres://user:se%40cr%3Fet@host/db", "postgres://host/db"),
            ("postgres://host/db?user=a%40b&password=secret", "postgres://host/db"),
            ("postgres://user:secret@one:5432,two:5433/db", "postgres://one:5432,two:5433/db"),
            ("postgres:///db?host=/socket/directory", "postgres:///db"),
            ("postgres:service=webhooks password=secret", "postgres:service=webhooks"),
            ("postgres:host=h password='a secret host=x'", "postgres:host=h"),
            ("postgres:host = h password = 'a host=secret x' dbname=db", "postgres:host=h dbname=db"),
        ]
    )
    func display(text: String, shown: String) throws {
        let location = try StoreLocation(text)
        #expect(location.display == shown)
        #expect(location.databaseType == "PostgreSQL")
    }

    @Test("Is none without a database system or a server", arguments: ["postgres:", "postgres", "mysql://host/db"])
    func none(text: String) {
        let problem = #expect(throws: StoreLocation.ParseError.self) { try StoreLocation(text) }
        #expect(problem?.description == "'\(text)' is not \(StoreLocation.forms)")
    }

    @Test(
        "A password that is not percent-encoded is refused, with nothing of it in the message",
        arguments: [
            "postgres://user:s3cr@etw0rd@host/db", "postgres://user:s3cr/etw0rd@host/db",
            "postgres://user:s3cr?etw0rd@host/db", "postgres://user:s3cr#etw0rd@host/db",
            "postgres://user:s3cr%etw0rd@host/db", "postgres://user:s3cr%4etw0rd%@host/db",
            "postgres://user:s3cr%00etw0rd@host/db", "postgresql://user:s3c@r/etw0rd@host/db",
            "postgres://user:s3cr@etw0rd/x@host/db", "postgres://user:12/s3cretw0rd@host/db",
            "postgres://user:12?user=s3cretw0rd@host/db", "postgres://host/db?user=u&password=s3cr#etw0rd",
            "postgres://host/db?password=s3cr%etw0rd", "postgres://user@s3cr:etw0rd@host/db",
        ]
    )
    func unescaped(text: String) throws {
        let problem = try #require(throws: StoreLocation.ParseError.self) { try StoreLocation(text) }
        #expect(problem.description.contains("percent-encoded"))
        for part in ["s3c", "etw0rd", "user", "12", "host"] { #expect(!problem.description.contains("\(part):")) }
        #expect(!problem.description.contains("s3c") && !problem.description.contains("etw0rd"))
    }

    @Test(
        "What libpq cannot read is refused, with nothing of it in the message",
        arguments: [
            "postgres://user:secret@[host/db", "postgres://user:secret", "postgres://user:secret@host:port/db",
            "postgres://host/db?password=sec&ret", "postgres://host/db?password=sec=ret", "postgres://host/db?secret=1",
            "postgres:host=h password='secret", "postgres:host=h port=99999 password=secret",
            "postgres:password=sec ret",
        ]
    )
    func unreadable(text: String) throws {
        let problem = try #require(throws: StoreLocation.ParseError.self) { try StoreLocation(text) }
        #expect(!problem.description.contains("sec"))
    }
}
