"""Plays the checks with a SOAP toolkit's client, and looks at what it left behind."""
import decimal
import json
import re
import time

from matrix import (ASSOCIATE, CONFIG, FOLDER, IS_MISSING, PASSWORD, SECONDS, SECRET, USER_NAME, Column, Command, log_in,
                    progress)
from receiver import Receiver
from service import Service
from soap import is_nil
from typed_webhook import round_trip_problem, save_typed_webhook

FORMS = ["soap11", "soap12", "sample"]
REPORTED = ["generate", "login", "default", "save", "get", "update", "list", "test", "signal", "last-error", "delete",
            "types", "headers", "state", "dates", "nil", "non-ascii", "succeeded", "error", "read-typed"]
# What this script makes sure of itself.
OBSERVED = {"soap11": ["delivery", "round-trip", "end"], "soap12": ["delivery", "round-trip", "end"],
            "sample": ["delivery", "end"]}


def toolkit_columns(toolkit, directory):
    column = Column(toolkit, "")
    with Command([FOLDER / toolkit / "run", "forms"]) as command:
        code, output = command.wait()
    forms = [line.strip() for line in output.splitlines() if line.strip()]
    if code == IS_MISSING:
        column.missing = output.strip()
    elif code != 0 or not forms or not set(forms) <= set(FORMS):
        column.results["end"] = f"`run forms` should print some of {', '.join(FORMS)}; it ended with {code}"
        column.output = output
    else:
        return [toolkit_column(toolkit, form, directory) for form in FORMS if form in forms]
    return [column]


def toolkit_column(toolkit, form, directory):
    column = Column(toolkit, form)
    begun = time.monotonic()
    trial = Trial(toolkit, form, directory / f"{toolkit}-{form}")
    try:
        before = trial.typed_webhook()
        with Command([FOLDER / toolkit / "run", form], trial.environment) as command:
            code, column.output = command.wait()
        if code == IS_MISSING:
            column.missing = column.output.strip()
        else:
            column.results = reported(column.output) if form != "sample" else {}
            column.results.update({check: "not tried" for check in OBSERVED[form]})
            column.results["end"] = end_problem(code, column.output, trial.service)
            if trial.service.process.poll() is None:
                column.results["delivery"] = trial.delivery_problem()
                if form != "sample":
                    column.results["round-trip"] = round_trip_problem(before, trial.typed_webhook())
    finally:
        trial.close()
    progress(column, begun)
    return column


def reported(output):
    """The checks that a run's output tells of, each of the table once."""
    results = {check: "not reported" for check in REPORTED}
    seen = set()
    for line in output.splitlines():
        found = re.fullmatch(r"pass (\S+)|fail ([^\s:]+):? ?(.*)", line.rstrip())
        if not found:
            continue
        check = found[1] or found[2]
        if check in seen:
            results[check] = "reported more than once"
        elif check not in REPORTED:
            results[check] = "not a check of README.md"
        else:
            results[check] = None if found[1] else found[3] or "failed"
        seen.add(check)
    return results


def end_problem(code, output, service):
    if service.process.poll() is not None:
        return f"the service ended with {service.process.returncode}"
    if code is None:
        return f"took longer than {SECONDS} s"
    if code != 0 and not re.search(r"(?m)^fail ", output):
        return f"ended with {code}, although no check had failed"
    return None


class Trial:
    """A service of its own for one run, with receivers, a user and the typed webhook: no run sees what others left."""

    def __init__(self, toolkit, form, directory):
        directory.mkdir(parents=True)
        work = directory / "work"
        work.mkdir()
        self.event = f"{toolkit}.{form}"
        self.service = Service(directory, dev=False, config=CONFIG)
        self.target, self.bad_target = Receiver(SECRET), Receiver(SECRET, test_status=500)
        self.service.start()
        self.caller = log_in(self.service)
        self.typed_id = save_typed_webhook(self.caller, self.target.url)
        self.environment = {
            "BASE": self.service.url, "USER_NAME": USER_NAME, "PASSWORD": PASSWORD, "TARGET": self.target.url,
            "BAD_TARGET": self.bad_target.url, "TYPED_WEBHOOK": str(self.typed_id), "SECRET": SECRET,
            "EVENT": self.event, "WORK": str(work)}

    def close(self):
        self.target.close()
        self.bad_target.close()
        if self.service.process.poll() is None:
            self.service.kill()
        self.service.log.close()

    def typed_webhook(self):
        answer = self.caller.get(self.typed_id)
        assert answer.succeeded, answer.text
        return answer

    def delivery_problem(self, seconds=60):
        def arrived():
            bodies = [(request, json.loads(request["body"], parse_float=decimal.Decimal))
                      for request in self.target.requests]
            return [(request, body) for request, body in bodies if body["Event"] == self.event]

        with self.target.arrived:
            self.target.arrived.wait_for(arrived, seconds)
            deliveries = arrived()
        if not deliveries:
            return f"no notification of {self.event} within {seconds} s"
        if not all(request["signed"] for request, _ in deliveries):
            return "the signature is wrong"
        if self.event.endswith(".sample"):
            return None
        listed = self.caller.call(f"<GetAllWebhooks><EventFilter>{self.event}</EventFilter></GetAllWebhooks>")
        webhooks = list(listed.find("Response"))
        if len(webhooks) != 1:
            return f"{len(webhooks)} webhooks listen to {self.event} in the end, not one"
        problems = [notification_problem(webhooks[0], *delivery) for delivery in deliveries]
        return None if None in problems else problems[0]


def notification_problem(webhook, request, body):
    """What a notification lacks of the webhook's headers and properties, and of what was signalled."""
    fields = {name.lower(): value for name, value in request["headers"].items()}
    members = {"PrimaryKey": 7, "Changes": ["navn", "antall"], "ChangedByAssociateId": ASSOCIATE,
               "ContextIdentifier": "Default"}
    for name, value in members.items():
        if body.get(name) != value:
            return f"{name}: found {body.get(name)!r}, expected {value!r}"
    headers, properties = (webhook.findall(f"{{*}}{name}/*") for name in ("Headers", "Properties"))
    if not headers or not properties:
        return "the webhook that listens has no header or no property"
    for pair in headers:
        name, value = (pair.findtext(f"{{*}}{member}") or "" for member in ("Key", "Value"))
        if fields.get(name.lower()) != value:
            return f"header {name}: found {fields.get(name.lower())!r}, expected {value!r}"
    for pair in properties:
        name, value = pair.findtext("{*}Key"), pair.find("{*}Value")
        if name not in body:
            return f"property {name} is not there"
        if not says_the_same(body[name], value):
            return f"property {name}: found {body[name]!r}, expected {value.text!r}"
    return None


def says_the_same(found, element):
    """Whether a JSON value says what the element says; of arrays and objects, no more is asked than that."""
    if is_nil(element) or len(element):
        return found is None if is_nil(element) else isinstance(found, (list, dict))
    if isinstance(found, bool):
        return found == (element.text in ("true", "1"))
    return str(found) == (element.text or "")
