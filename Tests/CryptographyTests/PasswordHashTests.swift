import Cryptography
import Testing

@Suite("Password hashes")
struct PasswordHashTests {
    /// RFC 7914, section 12, the third vector of scrypt; the first 32 of its 64 bytes are the hash of that length.
    private static let vector =
        "scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU=$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI="

    @Test("Password hashes are those of RFC 7914")
    func publishedVector() throws {
        let hash = try #require(PasswordHash(Self.vector))
        #expect(hash.matches("pleaseletmein") == true)
        #expect(hash.matches("pleaseletmeout") == false)
        #expect(hash.matches("pleaseletmei") == false)
        #expect(hash.matches("") == false)
        #expect(hash.description == Self.vector)
    }

    @Test("Cost 32 MiB three times over, unless they are cheap")
    func cost() {
        let hash = PasswordHash(ofPassword: "secret")
        #expect(hash.description.hasPrefix("scrypt$ln=15,r=8,p=3$"))
        #expect(hash.matches("secret") == true)
        #expect(hash.matches("Secret") == false)
        #expect(PasswordHash.cheap(ofPassword: "secret").description.hasPrefix("scrypt$ln=4,r=8,p=1$"))
    }

    static let passwords = [
        "", " ", "secret", "Secret", "secret ", "s\u{E9}cret", "\u{43A}\u{43B}\u{44E}\u{447} \u{1F511}",
        "a$b=c,d", String(repeating: "long ", count: 50),
    ]

    @Test("Match their password and no other, also after a way through text", arguments: PasswordHashTests.passwords)
    func roundTrip(password: String) throws {
        let hash = PasswordHash.cheap(ofPassword: password)
        let read = try #require(PasswordHash(hash.description))
        #expect(read == hash)
        #expect(read.description == hash.description)
        for other in Self.passwords {
            #expect(hash.matches(other) == (other == password))
            #expect(read.matches(other) == (other == password))
        }
    }

    @Test("Match nothing that holds a NUL, which scrypt could not tell from the end", arguments: ["\0", "secret\0"])
    func nul(password: String) {
        let start = password.prefix { $0 != "\0" }
        #expect(PasswordHash.cheap(ofPassword: String(start)).matches(password) == false)
        #expect(PasswordHash.cheap(ofPassword: password).matches(password) == false)
    }

    @Test("Two of one password differ, and neither shows it")
    func salt() {
        let hashes = (0..<20).map { _ in PasswordHash.cheap(ofPassword: "secret") }
        #expect(Set(hashes.map(\.description)).count == 20)
        #expect(Set(hashes).count == 20)
        #expect(hashes.allSatisfy { !$0.description.contains("secret") && $0.matches("secret") == true })
    }

    private static let someSalt = "U29kaXVtQ2hsb3JpZGU="
    private static let someHash = "cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI="

    @Test(
        "Password hashes that ask too much memory or too many rounds are not read",
        arguments: [
            "ln=25,r=8,p=1", "ln=18,r=8,p=1", "ln=15,r=64,p=1", "ln=24,r=1,p=1", "ln=14,r=8,p=17", "ln=1,r=65,p=1",
            "ln=63,r=8,p=1", "ln=64,r=8,p=1", "ln=9223372036854775807,r=8,p=1", "ln=1,r=9223372036854775807,p=1",
            "ln=1,r=8,p=9223372036854775807", "ln=99999999999999999999,r=8,p=1", "ln=0,r=8,p=1", "ln=14,r=0,p=1",
            "ln=14,r=8,p=0", "ln=-1,r=8,p=1", "ln=14,r=-8,p=1", "ln=16,r=1,p=1", "ln=20,r=1,p=1",
        ]
    )
    func tooDear(cost: String) {
        #expect(PasswordHash("scrypt$\(cost)$\(Self.someSalt)$\(Self.someHash)") == nil)
    }

    @Test(
        "Password hashes are read up to 256 MiB and 16 rounds",
        arguments: ["ln=15,r=63,p=1", "ln=17,r=8,p=16", "ln=15,r=1,p=1"]
    )
    func dearEnough(cost: String) {
        #expect(PasswordHash("scrypt$\(cost)$\(Self.someSalt)$\(Self.someHash)") != nil)
    }

    @Test(
        "Password hashes are not read from any other text",
        arguments: [
            "", "secret", "scrypt", "$$$", "scrypt$$$", "scrypt$ln=14,r=8,p=1$", "scrypt$ln=14,r=8,p=1$SALT",
            "bcrypt$ln=14,r=8,p=1$SALT$HASH", "SCRYPT$ln=14,r=8,p=1$SALT$HASH", "$scrypt$ln=14,r=8,p=1$SALT$HASH",
            "scrypt$ln=14,r=8,p=1$SALT$HASH$", " scrypt$ln=14,r=8,p=1$SALT$HASH", "scrypt$ln=14,r=8$SALT$HASH",
            "scrypt$ln=14,r=8,p=1,$SALT$HASH", "scrypt$r=8,ln=14,p=1$SALT$HASH", "scrypt$14,8,1$SALT$HASH",
            "scrypt$ln=x,r=8,p=1$SALT$HASH", "scrypt$ln=,r=8,p=1$SALT$HASH", "scrypt$ln=14,r=8,p= 1$SALT$HASH",
            "scrypt$ln=14,r=8,p=1$SALT$", "scrypt$ln=14,r=8,p=1$$HASH", "scrypt$ln=14,r=8,p=1$*$HASH",
            "scrypt$ln=14,r=8,p=1$SALT$*HASH", "scrypt$ln=14,r=8,p=1$SALT$SALT", "scrypt$ln=14,r=8,p=1$TmFDbA==$HASH",
            "scrypt$ln=14,r=8,p=1$LONG$HASH", "scrypt$ln=14,r=8,p=1$SALT$AAAAHASH",
        ]
    )
    func malformed(form: String) {
        let text = form.replacing("SALT", with: Self.someSalt).replacing("HASH", with: Self.someHash)
            .replacing("LONG", with: String(repeating: "A", count: 88))
        #expect(PasswordHash(text) == nil)
    }
}

@Suite("Random bytes")
struct SecureRandomTests {
    @Test("Random bytes are as many as asked for", arguments: [1, 16, 32, 1000])
    func count(count: Int) {
        #expect(SecureRandom.bytes(count).count == count)
    }

    @Test("Differ from call to call, also among many tasks")
    func differ() async {
        let drawn = await withTaskGroup(of: [[UInt8]].self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<100).map { _ in SecureRandom.bytes(16) } }
            }
            return await group.reduce(into: [[UInt8]]()) { $0 += $1 }
        }
        #expect(drawn.count == 800)
        #expect(Set(drawn).count == 800)
    }

    @Test("Take every value")
    func values() {
        #expect(Set(SecureRandom.bytes(100_000)).count == 256)
    }
}
