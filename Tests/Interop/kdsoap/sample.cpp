// Logs in, saves a webhook and signals its event. With SoPrincipal.svc?wsdl and Webhook.svc?wsdl saved as files:
//     kdwsdl2cpp -namespace principal -both principal principal.wsdl && moc principal.h -o moc_principal.cpp
// and the same for webhook; then compile this with the four .cpp files, for Qt5Network and kdsoap.
#include "principal.h"
#include "webhook.h"
#include <QtCore/QCoreApplication>
#include <QtCore/QEventLoop>

// A call has failed if its answer is a fault, and if Succeeded in the answer's header is false.
template <class Job, class Parameters>
static auto call(Job &&job, const Parameters &parameters)
{
    job.setAutoDelete(false);
    job.setParameters(parameters);
    QEventLoop loop;
    QObject::connect(&job, &KDSoapJob::finished, &loop, &QEventLoop::quit);
    job.start();
    loop.exec();
    if (job.isFault() || !job.succeeded())
        qFatal("%s", qPrintable(job.isFault() ? job.faultAsString() : job.exceptionInfo().message()));
    return job.resultParameters();
}

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    const QString services = qEnvironmentVariable("BASE") + "/Remote/Services87/";
    principal::WcfSoPrincipalService principals;
    principals.setEndPoint(services + "SoPrincipal.svc");
    webhook::WcfWebhookService webhooks;
    webhooks.setEndPoint(services + "Webhook.svc");

    principal::TNS__AuthenticateUsernamePassword login;
    login.setUserName(qEnvironmentVariable("USER_NAME"));
    login.setPassword(qEnvironmentVariable("PASSWORD"));
    auto session = call(principal::AuthenticateUsernamePasswordJob(&principals), login);
    if (!session.authenticationSucceeded())
        qFatal("wrong user name or password");
    webhook::TNS__SoCredentials credentials;
    credentials.setTicket(session.credentials().ticket());
    webhooks.setCredentialsHeader(credentials);

    webhook::Q1__ArrayOfstring events;
    events.setString({qEnvironmentVariable("EVENT")});
    webhook::TNS__Webhook hook;
    hook.setName("KDSoap sample");
    hook.setEvents(events);
    hook.setTargetUrl(qEnvironmentVariable("TARGET"));
    hook.setSecret(qEnvironmentVariable("SECRET"));
    webhook::TNS__SaveWebhook save;
    save.setWebhook(hook);
    int id = call(webhook::SaveWebhookJob(&webhooks), save).response().webhookId();

    webhook::TNS__SignalEvent signal;
    signal.setEventName(qEnvironmentVariable("EVENT"));
    signal.setPrimaryKey(7);
    call(webhook::SignalEventJob(&webhooks), signal);
    qInfo("webhook %d is saved, %s is signalled", id, qPrintable(signal.eventName()));
}
