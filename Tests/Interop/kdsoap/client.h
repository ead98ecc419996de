// Calls both services, and waits for each answer.
#pragma once

#include "principal.h"
#include "webhook.h"

#include <QtCore/QEventLoop>

#include <stdexcept>

using namespace webhook;
using Failure = std::runtime_error;

inline QString environment(const char *name)
{
    if (!qEnvironmentVariableIsSet(name))
        throw Failure(std::string(name) + " is not set");
    return qEnvironmentVariable(name);
}

inline std::string text(const QString &value) { return value.toStdString(); }
inline std::string text(bool value) { return value ? "true" : "false"; }
inline std::string text(int value) { return std::to_string(value); }

template <class Value>
void expect(const std::string &what, const Value &found, const Value &expected)
{
    if (!(found == expected))
        throw Failure(what + " is '" + text(found) + "', not '" + text(expected) + "'");
}

inline void expect(const std::string &what, const QString &found, const char *expected)
{
    expect(what, found, QString::fromUtf8(expected));
}

inline void require(bool condition, const std::string &otherwise)
{
    if (!condition)
        throw Failure(otherwise);
}

// An answer whose Succeeded is false.
struct OperationError : Failure {
    QString type, message;

    OperationError(const QString &type, const QString &message)
        : Failure(text(type + ": " + message)), type(type), message(message) {}
};

// Waits for the answer. A fault, and an operation that failed, are thrown.
template <class Job>
auto result(Job &job)
{
    job.setAutoDelete(false);
    QEventLoop loop;
    QObject::connect(&job, &KDSoapJob::finished, &loop, &QEventLoop::quit);
    job.start();
    loop.exec();
    if (job.isFault())
        throw Failure(text(job.faultAsString()));
    if (!job.succeeded())
        throw OperationError(job.exceptionInfo().exceptionType(), job.exceptionInfo().message());
    return job.resultParameters();
}

class Client {
public:
    Client()
    {
        const QString services = environment("BASE") + "/Remote/Services87/";
        principals.setEndPoint(services + "SoPrincipal.svc");
        webhooks.setEndPoint(services + "Webhook.svc");
    }

    principal::TNS__AuthenticateResponse authenticate(const QString &user, const QString &password)
    {
        principal::TNS__AuthenticateUsernamePassword request;
        request.setUserName(user);
        request.setPassword(password);
        principal::AuthenticateUsernamePasswordJob job(&principals);
        job.setParameters(request);
        return result(job);
    }

    void setTicket(const QString &ticket)
    {
        TNS__SoCredentials credentials;
        credentials.setTicket(ticket);
        webhooks.setCredentialsHeader(credentials);
    }

    TNS__Webhook createDefault()
    {
        CreateDefaultWebhookJob job(&webhooks);
        const auto answer = result(job);
        require(answer.hasValueForResponse(), "CreateDefaultWebhook answered no webhook");
        succeeded = job.succeeded();
        return answer.response();
    }

    TNS__Webhook save(const TNS__Webhook &webhook)
    {
        TNS__SaveWebhook request;
        request.setWebhook(webhook);
        SaveWebhookJob job(&webhooks);
        job.setParameters(request);
        const auto answer = result(job);
        require(answer.hasValueForResponse(), "SaveWebhook answered no webhook");
        return answer.response();
    }

    // For a webhook that is not there, KDSoap reads the null as one without members.
    TNS__GetWebhookResponse find(int id)
    {
        TNS__GetWebhook request;
        request.setWebhookId(id);
        GetWebhookJob job(&webhooks);
        job.setParameters(request);
        return result(job);
    }

    bool has(int id) { return find(id).response().hasValueForWebhookId(); }

    TNS__Webhook get(int id)
    {
        const TNS__Webhook found = find(id).response();
        require(found.hasValueForWebhookId(), "there is no webhook " + std::to_string(id));
        return found;
    }

    QList<int> list(const TNS__GetAllWebhooks &filter)
    {
        GetAllWebhooksJob job(&webhooks);
        job.setParameters(filter);
        QList<int> ids;
        for (const TNS__Webhook &webhook : result(job).response().webhook())
            ids.append(webhook.webhookId());
        return ids;
    }

    TNS__WebhookResult test(const TNS__Webhook &webhook)
    {
        TNS__TestWebhook request;
        request.setWebhook(webhook);
        TestWebhookJob job(&webhooks);
        job.setParameters(request);
        const TNS__WebhookResult tested = result(job).response();
        require(tested.hasValueForSuccess() && tested.hasValueForMessage(), "TestWebhook answered too little");
        return tested;
    }

    void signal(const QString &event, int primaryKey, const TNS__StringObjectDictionary &data)
    {
        TNS__SignalEvent request;
        request.setEventName(event);
        request.setPrimaryKey(primaryKey);
        request.setData(data);
        SignalEventJob job(&webhooks);
        job.setParameters(request);
        result(job);
    }

    QString lastError(int id)
    {
        TNS__GetLastError request;
        request.setWebhookId(id);
        GetLastErrorJob job(&webhooks);
        job.setParameters(request);
        return result(job).response();
    }

    void remove(int id)
    {
        TNS__DeleteWebhook request;
        request.setWebhookId(id);
        DeleteWebhookJob job(&webhooks);
        job.setParameters(request);
        result(job);
    }

    bool succeeded = false;  // Of the last CreateDefaultWebhook.

private:
    principal::WcfSoPrincipalService principals;
    WcfWebhookService webhooks;
};
