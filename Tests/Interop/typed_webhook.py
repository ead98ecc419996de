"""A stored webhook with a property of every type, and what of it is another after a client has saved it back."""
import difflib
import io
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

from matrix import SECRET
from soap import is_nil, local

XSD = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
TYPED_EVENT = "interop.typed"
# Of each type, a value that every toolkit can hold, in the one form that XML Schema calls canonical where there are
# several: toolkits write what they have read in that form.
TYPED_PROPERTIES = {
    "string": ("xsd:string", "blåbær & <co>"),
    "boolean": ("xsd:boolean", "true"),
    "byte": ("xsd:byte", "-128"),
    "unsignedByte": ("xsd:unsignedByte", "255"),
    "short": ("xsd:short", "-32768"),
    "unsignedShort": ("xsd:unsignedShort", "65535"),
    "int": ("xsd:int", "-2147483648"),
    "unsignedInt": ("xsd:unsignedInt", "4294967295"),
    "long": ("xsd:long", "9007199254740993"),
    "unsignedLong": ("xsd:unsignedLong", "9223372036854775807"),
    "float": ("xsd:float", "1.5"),
    "double": ("xsd:double", "0.25"),
    "decimal": ("xsd:decimal", "12.50"),
    "dateTime": ("xsd:dateTime", "2024-02-29T12:30:15"),
    "dateTime with zone": ("xsd:dateTime", "2024-02-29T12:30:15Z"),
    "base64Binary": ("xsd:base64Binary", "AAH+/w=="),
    "anyURI": ("xsd:anyURI", "http://example.com/?a=b&c=d"),
    "QName": ("xsd:QName", "q:navn"),
    "guid": ("ser:guid", "0f8fad5b-d9cb-469f-a165-70867728950e"),
    "char": ("ser:char", "248"),
    "duration": ("ser:duration", "P1DT2H30M"),
    "ArrayOfstring": ("a:ArrayOfstring", [("a:string", "én"), ("a:string", "to & tre")]),
    "ArrayOfint": ("a:ArrayOfint", [("a:int", "1"), ("a:int", "-2")]),
    "StringObjectDictionary": ("StringObjectDictionary", {
        "tekst": ("xsd:string", "øl"), "tall": ("xsd:int", "3"),
        "indre": ("StringObjectDictionary", {"sant": ("xsd:boolean", "false")})}),
    "nil": None,
    "untyped": (None, "uten type"),
}


def value_element(value):
    if value is None:
        return '<Value xsi:nil="true"/>'
    type, content = value
    if isinstance(content, dict):
        content = pairs(content)
    elif isinstance(content, list):
        content = "".join(f"<{item}>{escape(text)}</{item}>" for item, text in content)
    else:
        content = escape(content)
    return "<Value" + (f' xsi:type="{type}"' if type else "") + f">{content}</Value>"


def pairs(dictionary):
    return "".join(f"<StringObjectKeyValuePair><Key>{key}</Key>{value_element(value)}</StringObjectKeyValuePair>"
                   for key, value in dictionary.items())


def save_typed_webhook(caller, target):
    answer = caller.call(
        "<SaveWebhook><Webhook><Name>Typer – 型</Name>"
        f"<Events><a:string>{TYPED_EVENT}</a:string><a:string>{TYPED_EVENT}.more</a:string></Events>"
        f"<TargetUrl>{target}</TargetUrl><Secret>{escape(SECRET)}</Secret><State>Active</State><Type>webhook</Type>"
        "<Headers><StringKeyValuePair><Key>X-Typed</Key><Value>a&amp;b</Value></StringKeyValuePair></Headers>"
        '<Properties xmlns:q="urn:interop" xmlns:ser="http://schemas.microsoft.com/2003/10/Serialization/">'
        f"{pairs(TYPED_PROPERTIES)}</Properties></Webhook></SaveWebhook>")
    assert answer.succeeded, answer.text
    return int(answer.value("Response/WebhookId"))


def round_trip_problem(before, after):
    """What is not as it was, line by line."""
    old, new = (list(facts(tree(answer.bytes))) for answer in (before, after))
    changes = [line for line in difflib.ndiff(old, new) if line[0] in "-+"]
    if changes:
        return "\n    ".join(["not as it was before:", *changes])
    if before.value("Response/Updated") == after.value("Response/Updated"):
        return "it was not saved back"
    return None


def tree(answer):
    """The webhook in an answer, with namespaces for the prefixes in types and in values of type QName."""
    prefixes, scopes = [], []
    for event, item in ElementTree.iterparse(io.BytesIO(answer), ["start-ns", "end-ns", "start", "end"]):
        if event == "start-ns":
            prefixes.append(item)
        elif event == "end-ns":
            prefixes.pop()
        elif event == "start":
            scopes.append(dict(prefixes))
            if f"{{{XSI}}}type" in item.attrib:
                item.set("type", expanded(item.get(f"{{{XSI}}}type"), scopes[-1]))
        else:
            scope = scopes.pop()
            if item.get("type") == f"{{{XSD}}}QName":
                item.text = expanded(item.text, scope)
            if local(item.tag) == "Response":
                return item


def expanded(name, scope):
    prefix, _, rest = name.strip().rpartition(":")
    return f"{{{scope.get(prefix, '')}}}{rest}"


def facts(element, path=""):
    """Every element in its order, with its type and what it holds."""
    for number, child in enumerate(element):
        name = local(child.tag)
        if name in ("Updated", "UpdatedAssociate"):
            continue
        place = f"{path}/{name}" if child.find("{*}Key") is None else f"{path}[{number}]"
        content = "nil" if is_nil(child) else "" if len(child) else repr(child.text or "")
        yield " ".join(part for part in (place, child.get("type"), content) if part)
        yield from facts(child, place)
