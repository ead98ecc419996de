"""Saves a webhook and signals an event, with a client that zeep generates from the WSDL: python3 sample.py"""
import os
import sys

import zeep
from zeep import xsd

SERVICE = "http://www.superoffice.net/ws/crm/NetServer/Services87"
ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
services = os.environ["BASE"] + "/Remote/Services87"
event = os.environ["EVENT"]

principal = zeep.Client(f"{services}/SoPrincipal.svc?wsdl")
webhooks = zeep.Client(f"{services}/Webhook.svc?wsdl")
types, arrays = webhooks.type_factory(SERVICE), webhooks.type_factory(ARRAYS)


def result(answer):
    """Operations that fail say so in a header of the answer; there is no SOAP fault."""
    error = answer.header.ExceptionInfo
    if not answer.header.Succeeded:
        sys.exit(f"{error.ExceptionType}: {error.Message}")
    return answer.body


login = result(principal.service.AuthenticateUsernamePassword(
    UserName=os.environ["USER_NAME"], Password=os.environ["PASSWORD"]))
if not login.AuthenticationSucceeded:
    sys.exit("The user name or the password is wrong.")
# Hosted installations also want "ApplicationToken" here, and in the call above.
headers = {"Credentials": {"Ticket": login.Credentials.Ticket}}

webhook = types.Webhook(
    WebhookId=0,  # A new one.
    Name="Sample of zeep",
    Events=arrays.ArrayOfstring([event]),
    TargetUrl=os.environ["TARGET"],
    Secret=os.environ["SECRET"],
    Headers=types.StringDictionary([{"Key": "X-Sample", "Value": "zeep"}]),
    # AnyObject tells the type of a value; without it everything becomes a string.
    Properties=types.StringObjectDictionary([{"Key": "antall", "Value": xsd.AnyObject(xsd.Int(), 3)}]),
)
saved = result(webhooks.service.SaveWebhook(Webhook=webhook, _soapheaders=headers)).Response
print(f"saved webhook {saved.WebhookId}, which listens to {', '.join(saved.Events.string)}")

data = types.StringObjectDictionary([{"Key": "navn", "Value": xsd.AnyObject(xsd.String(), "Åse")}])
result(webhooks.service.SignalEvent(EventName=event, PrimaryKey=7, Data=data, _soapheaders=headers))
print(f"signalled {event}")
