"""Checks answers against the schemas of the published WSDLs."""
import re
import xml.etree.ElementTree

from service import ROOT
from soap import is_nil, local


class Schema:
    """Checks answers against the published WSDL: members, their order, their values, and types where they are written."""

    def __init__(self, name):
        self.types, self.elements = {}, {}
        for child in xml.etree.ElementTree.parse(ROOT / "WSDL" / f"{name}.wsdl").findall(".//{*}schema/*"):
            known = {"complexType": self.types, "simpleType": self.types, "element": self.elements}
            known.get(local(child.tag), {})[child.get("name")] = child

    def problems(self, element, type=None):
        """What is wrong with an element of a type, or with one that the schema declares."""
        name = local(element.tag)
        if type is None:
            declared = self.elements[name]
            if declared.get("type") is None:
                return self.members(element, declared.find("{*}complexType"))
            type = declared.get("type")
        if is_nil(element):
            return [] if len(element) == 0 and not element.text else [f"{name} is nil and has content"]
        type = type.split(":")[-1]
        written = element.get("{http://www.w3.org/2001/XMLSchema-instance}type")
        problems = [f"{name} says it is a {written}"] if written and written.split(":")[-1] != type else []
        definition = self.types.get(type)
        if definition is not None and local(definition.tag) == "complexType":
            return problems + self.members(element, definition)
        patterns = {"int": r"-?\d+", "boolean": "true|false", "dateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?"}
        text = element.text or ""
        if definition is not None:
            allowed = [value.get("value") for value in definition.findall(".//{*}enumeration")]
            return problems + ([] if text in allowed else [f"{name} is {text!r}, which {type} does not have"])
        return problems + ([] if re.fullmatch(patterns.get(type, "(?s).*"), text) else [f"{name} is {text!r}, no {type}"])

    def members(self, element, definition):
        problems, rest = [], list(element)
        for member in self.sequence(definition):
            count = 0
            while rest and local(rest[0].tag) == member.get("name"):
                if count and member.get("maxOccurs") != "unbounded":
                    problems.append(f"{member.get('name')} is there twice")
                problems += self.problems(rest.pop(0), member.get("type"))
                count += 1
            if not count and not (member.get("maxOccurs") == "unbounded"):
                problems.append(f"{local(element.tag)} has no {member.get('name')} where it belongs")
        return problems + [f"{local(child.tag)} is out of place in {local(element.tag)}" for child in rest]

    def sequence(self, definition):
        extension = definition.find("{*}complexContent/{*}extension")
        if extension is not None:
            base = self.types[extension.get("base").split(":")[-1]]
            return self.sequence(base) + list(extension.find("{*}sequence"))
        return list(definition.find("{*}sequence"))
