// The checks of ../README.md, in an order in which later ones can use what earlier ones saved. Written against the WSDLs
// that NetServer publishes: the generated names are those that its own text leads to.
#include "client.h"

#include <KDSoapClient/KDSoapNamespaceManager.h>

#include <QtCore/QCoreApplication>

#include <iostream>

static std::string oneLine(const char *value)
{
    return text(QString::fromUtf8(value).simplified());
}

class Checks {
#include "../checks.inc"

    const QString event = environment("EVENT"), target = environment("TARGET"), secret = environment("SECRET");
    const QString name = "KDSoap " + event, otherEvent = event + ".other";

    void login()
    {
        const QString user = environment("USER_NAME"), password = environment("PASSWORD");
        const auto refused = client.authenticate(user, password + "x");
        require(refused.hasValueForAuthenticationSucceeded(), "AuthenticationSucceeded is not there");
        expect("AuthenticationSucceeded of a wrong password", refused.authenticationSucceeded(), false);
        expect("its ticket", refused.credentials().ticket(), "");
        const auto session = client.authenticate(user, password);
        expect("AuthenticationSucceeded", session.authenticationSucceeded(), true);
        require(!session.credentials().ticket().isEmpty(), "the right password is given no ticket");
        client.setTicket(session.credentials().ticket());
    }

    void createDefault()
    {
        const TNS__Webhook webhook = client.createDefault();
        expect("State", int(webhook.state()), int(TNS__WebhookState::Active));
        expect("Type", webhook.type(), "webhook");
        expect("Events", events(webhook), "contact.created contact.deleted");
    }

    void save()
    {
        TNS__Webhook webhook = described(name, event);
        Q1__ArrayOfstring both;
        both.setString({event, otherEvent});
        webhook.setEvents(both);
        TNS__StringKeyValuePair pair, empty;
        pair.setKey("X-Interop");
        pair.setValue("a&b");
        empty.setKey("X-Empty");
        empty.setValue("");
        TNS__StringDictionary headers;
        headers.setStringKeyValuePair({pair, empty});
        webhook.setHeaders(headers);
        webhook.setProperties(typedProperties());
        const TNS__Webhook saved = client.save(webhook);
        id = saved.webhookId();
        require(id > 0, "WebhookId is " + std::to_string(id));
        expect("RegisteredAssociate's UserName", saved.registeredAssociate().userName(), environment("USER_NAME"));
    }

    void get()
    {
        const TNS__Webhook webhook = client.get(id);
        expect("WebhookId", webhook.webhookId(), id);
        expect("Name", webhook.name(), name);
        expect("Events", events(webhook), event + " " + otherEvent);
        expect("TargetUrl", webhook.targetUrl(), target);
        expect("Secret", webhook.secret(), secret);
        expect("State", int(webhook.state()), int(TNS__WebhookState::Active));
        expect("Type", webhook.type(), "webhook");
        expect("count of Headers", webhook.headers().stringKeyValuePair().count(), 2);
        expect("count of Properties", webhook.properties().stringObjectKeyValuePair().count(), 8);
    }

    void update()
    {
        TNS__Webhook webhook = again(client.get(id));
        const QString before = unchanging(webhook);
        webhook.setName(name + " renamed");
        expect("WebhookId of the answer", client.save(webhook).webhookId(), id);
        webhook = again(client.get(id));
        expect("Name", webhook.name(), name + " renamed");
        expect("the rest", unchanging(webhook), before);
    }

    void list()
    {
        TNS__GetAllWebhooks byName, byEvent, byState, byOtherState, byNobody;
        byName.setNameFilter(client.get(id).name());
        byEvent.setEventFilter(event);
        byState.setStatusFilter(TNS__WebhookState::Active);
        byOtherState.setStatusFilter(TNS__WebhookState::Stopped);
        byNobody.setNameFilter(name + " nobody");
        require(client.list(byName).contains(id), "NameFilter does not find it");
        require(client.list(byEvent).contains(id), "EventFilter does not find it");
        require(client.list(byState).contains(id), "StatusFilter does not find it");
        require(!client.list(byOtherState).contains(id), "StatusFilter finds it as Stopped");
        expect("count of those with a name that nobody has", client.list(byNobody).count(), 0);
    }

    void test()
    {
        TNS__Webhook webhook = again(client.get(id));
        const TNS__WebhookResult result = client.test(webhook);
        expect("Success", result.success(), true);
        require(result.message().contains("200 OK"), "no status line in " + text(result.message()));
        webhook.setTargetUrl(environment("BAD_TARGET"));
        expect("Success of one that answers 500", client.test(webhook).success(), false);
    }

    void types()
    {
        const TNS__Webhook webhook = client.get(id);
        expect("tekst", property(webhook, "tekst", "string"), "blåbær & <co>");
        expect("tall", property(webhook, "tall", "int"), "42");
        expect("sant", property(webhook, "sant", "boolean"), "true");
        expect("stort", property(webhook, "stort", "long"), "9007199254740993");
        expect("brøk", property(webhook, "brøk", "double"), "0.5");
        expect("beløp", property(webhook, "beløp", "decimal"), "12.50");
        expect("dag", property(webhook, "dag", "dateTime"), "2024-02-29T12:30:15");
        expect("bytes", property(webhook, "bytes", "base64Binary"), "AAH+/w==");
    }

    void headers()
    {
        QMap<QString, QString> headers;
        for (const TNS__StringKeyValuePair &pair : client.get(id).headers().stringKeyValuePair())
            headers[pair.key()] = pair.value();
        expect("X-Interop", headers.value("X-Interop"), "a&b");
        require(headers.contains("X-Empty"), "X-Empty is not there");
        expect("X-Empty", headers.value("X-Empty"), "");
    }

    void state()
    {
        TNS__Webhook webhook = client.save(described(name + " state", otherEvent));
        for (TNS__WebhookState::Type state : {TNS__WebhookState::Stopped, TNS__WebhookState::Active}) {
            webhook.setState(state);
            client.save(webhook);
            webhook = client.get(webhook.webhookId());
            expect("State", int(webhook.state()), int(state));
        }
        client.remove(webhook.webhookId());
    }

    void dates()
    {
        const TNS__Webhook webhook = client.get(id);
        for (const KDDateTime &date : {webhook.registered(), webhook.updated()}) {
            require(date.isValid() && date.timeSpec() == Qt::UTC, text(date.toDateString()) + " is not in UTC");
            require(qAbs(date.secsTo(QDateTime::currentDateTimeUtc())) < 300, text(date.toDateString()) + " is not now");
        }
    }

    void nil()
    {
        TNS__Webhook webhook = described(name + " nil", otherEvent);
        webhook.setSecret(QString());
        webhook = client.get(client.save(webhook).webhookId());
        expect("count of Headers", webhook.headers().stringKeyValuePair().count(), 0);
        expect("count of Properties", webhook.properties().stringObjectKeyValuePair().count(), 0);
        expect("Secret", webhook.secret(), "");
        client.remove(webhook.webhookId());
        require(!client.has(2147483647), "there is a webhook with an unknown id");
    }

    void nonASCII()
    {
        const char *unusual = "Blåbær – 日本語 🫐";
        const TNS__Webhook saved = client.save(described(QString::fromUtf8(unusual), otherEvent));
        expect("Name", client.get(saved.webhookId()).name(), unusual);
        client.remove(saved.webhookId());
    }

    void succeeded()
    {
        client.createDefault();
        expect("Succeeded", client.succeeded, true);
    }

    void error()
    {
        TNS__Webhook webhook = described(name + " without events", otherEvent);
        webhook.setEvents(Q1__ArrayOfstring());
        try {
            client.save(webhook);
        } catch (const OperationError &error) {
            require(error.type.startsWith("SuperOffice.Exceptions."), "ExceptionType is " + text(error.type));
            require(!error.message.isEmpty(), "Message is empty");
            return;
        }
        throw Failure("a webhook without events was saved");
    }

    void lastError() { expect("GetLastError", client.lastError(id), ""); }

    void remove()
    {
        const int other = client.save(described(name + " to delete", otherEvent)).webhookId();
        require(client.has(other), "it was not saved");
        client.remove(other);
        require(!client.has(other), "it is still there");
    }

    void signal()
    {
        TNS__StringObjectDictionary data;
        data.setStringObjectKeyValuePair({pair("navn", QString("Åse"), "string"), pair("antall", 3, "int")});
        client.signal(event, 7, data);
    }

    void readTyped()
    {
        const TNS__Webhook webhook = again(client.get(environment("TYPED_WEBHOOK").toInt()));
        client.save(webhook);
        expect("what was saved", unchanging(again(client.get(webhook.webhookId()))), unchanging(webhook));
    }

    TNS__Webhook described(const QString &name, const QString &event)
    {
        Q1__ArrayOfstring events;
        events.setString({event});
        TNS__Webhook webhook;
        webhook.setName(name);
        webhook.setEvents(events);
        webhook.setTargetUrl(target);
        webhook.setSecret(secret);
        return webhook;
    }

    static TNS__StringObjectDictionary typedProperties()
    {
        TNS__StringObjectDictionary properties;
        properties.setStringObjectKeyValuePair({
            pair("tekst", QString("blåbær & <co>"), "string"),
            pair("tall", 42, "int"),
            pair("sant", true, "boolean"),
            pair("stort", QString("9007199254740993"), "long"),
            pair("brøk", 0.5, "double"),
            pair("beløp", QString("12.50"), "decimal"),
            pair("dag", QString("2024-02-29T12:30:15"), "dateTime"),
            pair("bytes", QByteArray::fromHex("0001feff"), "base64Binary"),
        });
        return properties;
    }

    // In document/literal messages KDSoap writes no xsi:type by itself, so it is written as any other attribute.
    static TNS__StringObjectKeyValuePair pair(const char *key, const QVariant &content, const QString &type)
    {
        KDSoapValue attribute("type", "xsd:" + type);
        attribute.setNamespaceUri(KDSoapNamespaceManager::xmlSchemaInstance2001());
        attribute.setQualified(true);
        KDSoapValue value("Value", content, KDSoapNamespaceManager::xmlSchema2001(), type);
        value.childValues().attributes().append(attribute);
        TNS__StringObjectKeyValuePair pair;
        pair.setKey(QString::fromUtf8(key));
        pair.setValue(value);
        return pair;
    }

    static QString property(const TNS__Webhook &webhook, const char *key, const char *type)
    {
        for (const TNS__StringObjectKeyValuePair &pair : webhook.properties().stringObjectKeyValuePair()) {
            if (pair.key() != QString::fromUtf8(key))
                continue;
            const KDSoapValue value = pair.value();
            expect("the type's namespace", value.typeNs(), KDSoapNamespaceManager::xmlSchema2001());
            expect("the type", value.type(), type);
            return value.value().canConvert<QString>() ? value.value().toString()
                                                       : value.value().value<KDDateTime>().toDateString();
        }
        throw Failure(std::string("there is no property ") + key);
    }

    static QString events(const TNS__Webhook &webhook) { return webhook.events().string().join(" "); }

    // What was read, to be saved as it was. Types are left out on the way: the server knows them of the stored value.
    static TNS__Webhook again(TNS__Webhook webhook)
    {
        QList<TNS__StringObjectKeyValuePair> pairs = webhook.properties().stringObjectKeyValuePair();
        for (TNS__StringObjectKeyValuePair &pair : pairs) {
            KDSoapValue value = pair.value();
            if (value.type() == "base64Binary")  // Which KDSoap encodes, but does not decode.
                value.setValue(QByteArray::fromBase64(value.value().toByteArray()));
            value.setNillable(value.type().isEmpty());  // Null, unless there is a text.
            pair.setValue(value);
        }
        TNS__StringObjectDictionary properties = webhook.properties();
        properties.setStringObjectKeyValuePair(pairs);
        webhook.setProperties(properties);
        return webhook;
    }

    // All that saving a webhook again under another name must not change, as XML.
    static QString unchanging(TNS__Webhook webhook)
    {
        webhook.setName(QString());
        webhook.setUpdated(KDDateTime());
        webhook.setUpdatedAssociate(TNS__Associate());
        return QString::fromUtf8(webhook.serialize("Webhook").toXml());
    }
};

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    Checks checks;
    checks.run();
    return checks.failed;
}
