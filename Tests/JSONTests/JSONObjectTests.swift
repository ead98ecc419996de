import Testing

@testable import JSON

@Suite("JSON objects")
struct JSONObjectTests {
    /// Few members, which have no index, and many.
    static let counts = [3, 200]

    /// Members `n0`, `n1` and so on, with their numbers.
    private static func object(_ count: Int) -> JSONObject {
        JSONObject((0..<count).map { ("n\($0)", JSONValue($0)) })
    }

    @Test("A name that is appended again keeps its place and takes the value", arguments: counts)
    func repeatedName(count: Int) {
        var object = Self.object(count)
        object.append(.null, named: "n1")
        object.append(.null, named: "N1")
        #expect(object.map(\.name) == (0..<count).map { "n\($0)" } + ["N1"])
        #expect(object["n1"] == .null)
        #expect(object["n2"] == .number("2"))
        #expect(object.count == count + 1)
    }

    @Test("Members that are left keep their order and are found after others are removed", arguments: counts)
    func removal(count: Int) throws {
        var object = Self.object(count)
        object.append(.bool(true), named: "N2")
        object.makeIndex()
        object.remove(at: try #require(object.place(of: "n0")))
        object.remove(at: try #require(object.place(of: "n2")))
        #expect(object.count == count - 1)
        #expect(object.map(\.name) == ["n1"] + (3..<count).map { "n\($0)" } + ["N2"])
        #expect(object["n0"] == nil)
        #expect(object["n2"] == .bool(true))
        object.append(.string("again"), named: "n0")
        #expect(object["N0"] == .string("again"))
        #expect(object.map(\.name).last == "n0")
    }

    @Test("A value is changed in its place, and not where its member was removed", arguments: counts)
    func change(count: Int) throws {
        var object = Self.object(count)
        object.makeIndex()
        let place = try #require(object.place(of: "N1"))
        let before = object.change(at: place) { value in
            defer { value = .null }
            return value
        }
        #expect(before == .number("1"))
        #expect(object["n1"] == .null)
        object.remove(at: place)
        #expect(object.change(at: place) { $0 = .null } == nil)
    }

    @Test("Objects with the same members in the same order are equal, whatever was removed")
    func equality() {
        var object: JSONObject = ["a": .null, "b": .bool(true)]
        object.remove(at: 0)
        #expect(object == ["b": .bool(true)])
        #expect(object.hashValue == (["b": .bool(true)] as JSONObject).hashValue)
        #expect(object != ["b": .bool(false)])
    }

    @Test("Members that are given as they are may repeat a name, and the last is found")
    func membersAsTheyAre() {
        let object = JSONObject(members: [.init(name: "a", value: .null), .init(name: "a", value: .bool(true))])
        #expect(object.count == 2)
        #expect(object["A"] == .bool(true))
        #expect(JSONValue.object(object).text == #"{"a":null,"a":true}"#)
    }
}
