import AgentCore
import HTTPTypes
import JSON
import Testing

@testable import NetServerREST

/// `application/x-www-form-urlencoded` as JSON (docs/contract.md#section-8).
@Suite("Form body")
struct FormBodyTests {
    static let forms: [(form: String, json: String)] = [
        ("", "{}"),
        ("Name=hook", #"{"Name":"hook"}"#),
        ("Name=", #"{"Name":""}"#),
        ("Name", #"{"Name":""}"#),
        ("Name=a=b", #"{"Name":"a=b"}"#),
        ("&&Name=hook&", #"{"Name":"hook"}"#),
        ("PrimaryKey=5&State=1&On=true", #"{"PrimaryKey":"5","State":"1","On":"true"}"#),
        // Characters.
        ("Name=two+words%20and%2Bplus", #"{"Name":"two words and+plus"}"#),
        ("Name=bl%C3%A5b%c3%A6r", #"{"Name":"blåbær"}"#),
        ("Name=blåbær", #"{"Name":"blåbær"}"#),
        ("N%61me=%26%3D%25", #"{"Name":"&=%"}"#),
        // A repeated name is an array.
        ("Events=a&Events=b&Events=c", #"{"Events":["a","b","c"]}"#),
        ("Events=a&Name=n&Events=b", #"{"Events":["a","b"],"Name":"n"}"#),
        // Members of objects, in either spelling.
        ("Headers[X-A]=1&Headers[X-B]=2", #"{"Headers":{"X-A":"1","X-B":"2"}}"#),
        ("Headers.X-A=1&Headers.X-B=2", #"{"Headers":{"X-A":"1","X-B":"2"}}"#),
        ("Headers.X-A=1&Headers[X-B]=2", #"{"Headers":{"X-A":"1","X-B":"2"}}"#),
        ("Headers%5BX-A%5D=1", #"{"Headers":{"X-A":"1"}}"#),
        ("Headers[X.A]=1", #"{"Headers":{"X.A":"1"}}"#),
        ("headers[X-B]=2&Headers[X-A]=1", #"{"headers":{"X-B":"2","X-A":"1"}}"#),
    ]

    @Test("Every value is text; repeated names make arrays, brackets and dots objects", arguments: forms)
    func read(form: String, json: String) throws {
        #expect(try FormBody(Array(form.utf8)).object().text == json)
    }

    @Test("Each name of a form read as fields stands for itself")
    func fields() throws {
        let form = "contact.name=Foo&a=1&a.b=2&events=1&x[y]=3&A=4&a=5"
        let expected = #"{"contact.name":"Foo","a":["1","5"],"a.b":"2","events":"1","x[y]":"3","A":"4"}"#
        #expect(try FormBody(Array(form.utf8)).fields.text == expected)
    }

    static let wrong: [(form: [UInt8], naming: String)] = [
        (Array("Name=%".utf8), "percent sign"),
        (Array("Name=%4".utf8), "percent sign"),
        (Array("Name=%4&x=1".utf8), "percent sign"),
        (Array("Name=%zz".utf8), "percent sign"),
        // Two digits, and no sign: those who read numbers take it.
        (Array("Name=%+5".utf8), "percent sign"),
        (Array("Name=%ff".utf8), "UTF-8"), (Array("Name=a%00b".utf8), "U+0000"), (Array("%00=a".utf8), "U+0000"),
        ([UInt8(ascii: "a"), UInt8(ascii: "="), 0xFF], "UTF-8"),
        (Array("Headers=1&Headers[X-A]=2".utf8), "Headers"),
        (Array("Headers[X-A]=2&Headers=1".utf8), "Headers"),
        (Array((0...10_000).map { "a\($0)=" }.joined(separator: "&").utf8), "fields"),
    ]

    @Test("What is no form is refused with what is wrong", arguments: wrong)
    func refused(form: [UInt8], naming: String) {
        do throws(RESTError) {
            let node = try FormBody(form).object()
            Issue.record("It was read as \(node.text.prefix(100)).")
        } catch {
            #expect(error.status == .badRequest)
            #expect(error.error.message.contains(naming), "\(error.error.message)")
        }
    }

    @Test("Two thousand values of one name are read, and one is an array where that is asked for")
    func many() throws {
        #expect(try FormBody(Array("Events=a".utf8)).object()["Events"] == .array([.string("a")]))
        let form = Array(repeating: "Events=a", count: 2000).joined(separator: "&")
        guard case .array(let items) = try FormBody(Array(form.utf8)).object()["Events"] else {
            Issue.record("It is no array.")
            return
        }
        #expect(items.count == 2000)
    }
}
