"""What schemathesis cannot know of the service: ids that exist, a target that may be called, and how XML is read.

schemathesis.toml names it. It is told the rest in environment variables: TARGET, a URL for webhooks to post to, and
TALLY, a file that gets the number of answers of each status, by operation, in the end.
"""
import atexit
import base64
import collections
import json
import os
import re
import urllib.request
import xml.etree.ElementTree
import zlib

import schemathesis
from schemathesis.core import NotSet
from schemathesis.core.failures import AcceptedNegativeData

TARGET = os.environ["TARGET"]
# Every type is documented for everything, which would make many times as many calls: those that mean the same take
# turns.
SAME_TYPES = [["application/json", "text/json", "application/json-patch+json", "application/merge-patch+json"],
              ["application/xml", "text/xml"]]
# So do the answers' types; most are JSON, as it is read best.
ACCEPT = [None, "*/*", "application/json", "text/json", "application/json-patch+json", "application/merge-patch+json",
          "application/xml", "text/xml", "application/xml;q=0.9, text/html", "text/xml;q=0.1, application/json;q=0"]
ZONES = ["Europe/Oslo", "UTC", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati"]
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

tally = collections.defaultdict(collections.Counter)
atexit.register(lambda: json.dump(tally, open(os.environ["TALLY"], "w")))


class Webhooks:
    """Those of the service, besides what schemathesis does with them."""

    # schemathesis cuts off answers of more than 1 MiB, so that lists must not grow long.
    MOST = 200

    def __init__(self):
        self.known = None
        self.made = 0

    def call(self, base, method, path, body=None):
        credentials = base64.b64encode(b"tje0:Tje0").decode()
        request = urllib.request.Request(
            base + path, body and json.dumps(body).encode(), method=method,
            headers={"Content-Type": "application/json", "Authorization": f"Basic {credentials}"})
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read() or "null")

    def existing(self, base):
        """The id of one that is there; after it has been deleted, of another one."""
        if self.known is None:
            webhook = {"Events": ["a.b"], "TargetUrl": TARGET, "Headers": {"X-A": "1"}}
            self.known = self.call(base, "POST", "/Webhook", webhook)["WebhookId"]
        return self.known

    def was_deleted(self):
        self.known = None

    def was_made(self, base):
        """Once there are too many, deletes all but the newest, which may still be in use."""
        self.made += 1
        if self.made == self.MOST:
            self.made = 0
            for webhook in self.call(base, "GET", "/Webhook")[:-20]:
                if webhook["WebhookId"] != self.known:
                    self.call(base, "DELETE", f"/Webhook/{webhook['WebhookId']}")


webhooks = Webhooks()


class Choices:
    """By what a case is: the same in every run."""

    def __init__(self, case):
        headers = sorted((name, value) for name, value in case.headers.items() if name != "X-Schemathesis-TestCaseId")
        # Its absence is an object, which shows its address.
        body = None if isinstance(case.body, NotSet) else case.body
        self.text = repr((case.method, case.path, case.path_parameters, case.query, headers, body))

    def __call__(self, what, options):
        return options[zlib.crc32((what + self.text).encode(errors="replace")) % len(options)]


def is_stateful(case):
    return case.meta is not None and case.meta.phase.name.value == "stateful"


def is_id(value):
    """Whether it is a 32-bit number, or its text."""
    return re.fullmatch("-?[0-9]{1,10}", str(value)) is not None and -1 << 31 <= int(value) < 1 << 31


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Leaves one of the types that mean the same, where they do: not where the type says which patch it is."""
    for body in raw_schema["components"]["requestBodies"].values():
        for first, *others in SAME_TYPES:
            content = body["content"]
            if first in content and all(content[other]["schema"] == content[first]["schema"] for other in others):
                for other in others:
                    del content[other]


@schemathesis.hook
def before_call(context, case, kwargs):
    base, choice = case.operation.base_url.rstrip("/"), Choices(case)
    if accept := choice("accept", ACCEPT):
        if "Accept" not in case.headers:
            case.headers["Accept"] = accept
    documented = {body.media_type for body in case.operation.body}
    if "Content-Type" not in case.headers and isinstance(case.body, (dict, list)):
        for same in SAME_TYPES:
            if case.media_type == same[0] and documented.isdisjoint(same[1:]):
                case.headers["Content-Type"] = choice("type", same)
    if "SO-TimeZone" in case.headers and choice("zone", [True] * 7 + [False]):
        case.headers["SO-TimeZone"] = choice("zone name", ZONES)
    # Only a date to come lets changes through.
    if "If-Unmodified-Since" in case.headers and choice("date", [True] * 7 + [False]):
        case.headers["If-Unmodified-Since"] = "Fri, 31 Dec 9999 23:59:59 GMT"
    if not is_stateful(case):
        # As what it was, number or text: schemathesis judges by that whether it is right.
        if is_id(id := case.path_parameters.get("id")) and choice("id", [True] * 3 + [False]):
            case.path_parameters["id"] = type(id)(webhooks.existing(base))
        if is_id(id := case.query.get("webhookId")) and choice("id", [True, False]):
            case.query["webhookId"] = type(id)(webhooks.existing(base))
    if isinstance(case.body, dict):
        for webhook in (case.body, case.body.get("Webhook")):
            if not isinstance(webhook, dict):
                continue
            # Where something else is wrong with it, that is what is to be refused.
            if isinstance(webhook.get("TargetUrl"), str) and 0 < len(webhook["TargetUrl"]) <= 4096:
                webhook["TargetUrl"] = TARGET
            if isinstance(webhook.get("Type"), str) and len(webhook["Type"]) <= 4096 and choice("kind", [True, False]):
                webhook["Type"] = "webhook"
            if type(webhook.get("WebhookId")) is int and choice("id", [True, False]):
                webhook["WebhookId"] = choice("known", [0, webhooks.existing(base)])


@schemathesis.hook
def after_call(context, case, response):
    tally[case.operation.label][str(response.status_code)] += 1
    operation = case.operation.definition.raw["operationId"]
    if response.status_code == 204 and operation in ("deleteWebhook", "agentDeleteWebhook"):
        webhooks.was_deleted()
    if response.status_code == 200 and operation in ("createWebhook", "agentSaveWebhook"):
        webhooks.was_made(case.operation.base_url.rstrip("/"))


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """In XML and forms everything is text, so wrong types that schemathesis thinks of are not always wrong. And what
    was changed since is refused before it is looked at what the changes are. Agents refuse a missing parameter with 200."""
    if not isinstance(failure, AcceptedNegativeData):
        return True
    if response.status_code == 200 and b"MessageDetail" in response.content:
        return False
    return "json" in (case.media_type or "json") and response.status_code != 412


@schemathesis.deserializer("application/xml", "text/xml")
def read_xml(context, response):
    """The answer as the JSON that its schema describes; an error where elements are not as the schema's hints say."""
    document = context.operation.schema.raw_schema

    def resolve(part):
        while "$ref" in part:
            target = document
            for name in part["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            part = target
        return part

    def name_of(schema, otherwise):
        return resolve(schema).get("xml", {}).get("name", otherwise)

    def alternatives_of(schema):
        return [alternative for alternative in schema.get("anyOf", []) if alternative != {"type": "null"}]

    def read(element, schema):
        schema = resolve(schema)
        if element.get(NIL) == "true":
            return None
        if alternatives := alternatives_of(schema):
            named = [alternative for alternative in alternatives if name_of(alternative, None) == element.tag]
            return read(element, (named or alternatives)[0])
        types = schema.get("type", [])
        text = element.text or ""
        if "array" in types:
            item = name_of(schema["items"], None)
            for child in element:
                if child.tag != item:
                    raise ValueError(f"<{element.tag}> holds <{child.tag}> where <{item}> was expected")
            return [read(child, schema["items"]) for child in element]
        if "object" in types:
            names = {name_of(member, name): (name, member) for name, member in schema.get("properties", {}).items()}
            result = {}
            for child in element:
                name, member = names.get(child.tag, (child.tag, {}))
                if name in result:
                    raise ValueError(f"<{element.tag}> holds <{child.tag}> twice")
                result[name] = read(child, member)
            return result
        if "boolean" in types and text in ("true", "false"):
            return text == "true"
        return int(text) if "integer" in types else text

    answer = resolve(context.operation.definition.raw["responses"][str(response.status_code)])
    schema = answer["content"]["application/xml"]["schema"]
    try:
        root = xml.etree.ElementTree.fromstring(response.content)
    except xml.etree.ElementTree.ParseError as error:
        raise ValueError(f"it is no XML: {error}") from error
    names = [name_of(alternative, None) for alternative in alternatives_of(schema) or [schema]]
    if root.tag not in names:
        raise ValueError(f"the root is <{root.tag}>, not one of {names}")
    return read(root, schema)
