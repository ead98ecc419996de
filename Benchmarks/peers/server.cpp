// What a C++ programmer would stand up instead of this service: gSOAP's server for the published WSDL, one webhook in
// memory, and events in a SQLite file with group commit. It matches nothing and delivers nothing.
//
//   server PORT DATABASE
#include "soapH.h"
#include "BasicHttpBinding_USCOREWebhook.nsmap"

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <random>
#include <semaphore.h>
#include <sqlite3.h>
#include <string>
#include <thread>
#include <vector>

static const std::string applicationToken = "1234567-1234-9876", ticket = "7T:1234abcxyzExample==";

// MARK: Events on disk

static void require(bool isRight, const char *what)
{
    if (isRight)
        return;
    fprintf(stderr, "%s failed\n", what);
    exit(1);
}

// An event that waits until it is on disk.
struct Pending {
    std::string id, name, body;
    int key;
    bool isStored = false;
    sem_t done;
};

// One thread writes: whatever has come during one commit shares the next.
class Writer {
    sqlite3 *database = nullptr;
    sqlite3_stmt *begin, *event, *delivery, *commit, *rollback;
    std::mutex mutex;
    std::condition_variable arrival;
    std::vector<Pending *> waiting;

    sqlite3_stmt *statement(const char *sql)
    {
        sqlite3_stmt *made;
        require(sqlite3_prepare_v2(database, sql, -1, &made, nullptr) == SQLITE_OK, sql);
        return made;
    }

    static bool run(sqlite3_stmt *statement)
    {
        bool isDone = sqlite3_step(statement) == SQLITE_DONE;
        sqlite3_reset(statement);
        return isDone;
    }

    static void bind(sqlite3_stmt *statement, int place, const std::string &text)
    {
        sqlite3_bind_text(statement, place, text.data(), text.size(), SQLITE_STATIC);
    }

    bool insert(const Pending &pending)
    {
        bind(event, 1, pending.id);
        bind(event, 2, pending.name);
        sqlite3_bind_int(event, 3, pending.key);
        bind(event, 4, pending.body);
        if (!run(event))
            return false;
        sqlite3_bind_int64(delivery, 1, sqlite3_last_insert_rowid(database));
        return run(delivery);
    }

    void writeForever()
    {
        std::vector<Pending *> batch;
        while (true) {
            {
                std::unique_lock<std::mutex> lock(mutex);
                arrival.wait(lock, [this] { return !waiting.empty(); });
                batch.swap(waiting);
            }
            bool isStored = run(begin);
            for (Pending *each : batch)
                isStored = isStored && insert(*each);
            isStored = isStored && run(commit);
            if (!isStored)
                run(rollback);
            for (Pending *each : batch) {
                each->isStored = isStored;
                sem_post(&each->done);
            }
            batch.clear();
        }
    }

public:
    explicit Writer(const char *path)
    {
        require(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                nullptr) == SQLITE_OK, path);
        const char *schema =
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "CREATE TABLE event (id INTEGER PRIMARY KEY, guid TEXT, name TEXT, key INTEGER, body TEXT);"
            "CREATE TABLE delivery (id INTEGER PRIMARY KEY, event INTEGER, webhook INTEGER, state INTEGER,"
            " attempts INTEGER, due INTEGER);"
            "CREATE INDEX delivery_due ON delivery (due) WHERE state = 0;";
        require(sqlite3_exec(database, schema, nullptr, nullptr, nullptr) == SQLITE_OK, "the schema");
        begin = statement("BEGIN IMMEDIATE");
        event = statement("INSERT INTO event (guid, name, key, body) VALUES (?, ?, ?, ?)");
        delivery = statement("INSERT INTO delivery (event, webhook, state, attempts, due)"
                             " VALUES (?, 1, 0, 0, unixepoch())");
        commit = statement("COMMIT");
        rollback = statement("ROLLBACK");
        std::thread(&Writer::writeForever, this).detach();
    }

    bool write(Pending &pending)
    {
        sem_init(&pending.done, 0, 0);
        {
            std::lock_guard<std::mutex> lock(mutex);
            waiting.push_back(&pending);
        }
        arrival.notify_one();
        while (sem_wait(&pending.done) != 0) {}
        sem_destroy(&pending.done);
        return pending.isStored;
    }
};

static Writer *writer;

// MARK: The body of an event

static void addQuoted(std::string &json, const std::string &text)
{
    json += '"';
    for (unsigned char byte : text) {
        char escaped[8];
        if (byte < 0x20) {
            snprintf(escaped, sizeof escaped, "\\u%04x", byte);
            json += escaped;
        } else {
            if (byte == '"' || byte == '\\')
                json += '\\';
            json += byte;
        }
    }
    json += '"';
}

static std::string makeID()
{
    static thread_local std::mt19937_64 random{std::random_device{}()};
    unsigned long high = random(), low = random();
    char id[40];
    snprintf(id, sizeof id, "%08lx-%04lx-4%03lx-a%03lx-%012lx", high >> 32, high >> 16 & 0xffff, high & 0xfff,
             low >> 52, low & 0xffffffffffff);
    return id;
}

static std::string now()
{
    timespec time;
    tm parts;
    char text[40];
    clock_gettime(CLOCK_REALTIME, &time);
    gmtime_r(&time.tv_sec, &parts);
    size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + length, sizeof text - length, ".%07ldZ", time.tv_nsec / 100);
    return text;
}

// MARK: The operations

static ns1__Webhook *webhook;  // Saved before the measurement, and only read then.

// Checks who calls, and makes the header of the answer.
static int admit(struct soap *soap)
{
    static bool succeeded = true;
    auto header = soap->header;
    if (!header || !header->ns1__ApplicationToken || *header->ns1__ApplicationToken != applicationToken)
        return soap_sender_fault(soap, "The application token is wrong.", nullptr);
    if (!header->ns1__Credentials || !header->ns1__Credentials->Ticket || *header->ns1__Credentials->Ticket != ticket)
        return soap_sender_fault(soap, "The ticket is wrong.", nullptr);
    header->ns1__ApplicationToken = nullptr;
    header->ns1__Credentials = nullptr;
    header->ns1__TimeZone = nullptr;
    header->ns1__Succeeded = &succeeded;
    return SOAP_OK;
}

int __ns1__SignalEvent(struct soap *soap, _ns1__SignalEvent *call, _ns1__SignalEventResponse &)
{
    if (admit(soap))
        return soap->error;
    if (!call->EventName || call->EventName->empty())
        return soap_sender_fault(soap, "The event has no name.", nullptr);
    Pending event;
    event.id = makeID();
    event.name = *call->EventName;
    event.key = call->PrimaryKey ? *call->PrimaryKey : 0;
    std::string &json = event.body;
    json = "{\"EventId\":\"" + event.id + "\",\"Timestamp\":\"" + now() + "\",\"Changes\":[";
    if (call->Data)
        for (auto &pair : call->Data->StringObjectKeyValuePair) {
            if (json.back() != '[')
                json += ',';
            addQuoted(json, pair.Key ? *pair.Key : "");
        }
    json += "],\"Event\":";
    addQuoted(json, event.name);
    json += ",\"PrimaryKey\":" + std::to_string(event.key) + ",\"Entity\":";
    addQuoted(json, event.name.substr(0, event.name.rfind('.')));
    json += ",\"ContextIdentifier\":\"Default\",\"ChangedByAssociateId\":5,\"WebhookName\":\"Sync\"}";
    return writer->write(event) ? SOAP_OK : soap_receiver_fault(soap, "The event was not stored.", nullptr);
}

int __ns1__GetWebhook(struct soap *soap, _ns1__GetWebhook *, _ns1__GetWebhookResponse &answer)
{
    if (admit(soap))
        return soap->error;
    answer.Response = webhook;
    return SOAP_OK;
}

template <class Value> static Value *keep(Value value) { return new Value(value); }

static ns1__Associate *makeAssociate()
{
    auto made = new ns1__Associate;
    made->AssociateId = keep(5);
    made->Name = made->UserName = keep<std::string>("tje0");
    made->PersonId = keep(3);
    made->Rank = keep<short>(1);
    made->Tooltip = made->FormalName = keep<std::string>("");
    made->Type = keep(ns1__UserType__InternalAssociate);
    made->GroupIdx = keep(1);
    made->FullName = keep<std::string>("Tje Nul");
    made->Deleted = keep(false);
    made->EjUserId = keep(0);
    return made;
}

int __ns1__SaveWebhook(struct soap *soap, _ns1__SaveWebhook *call, _ns1__SaveWebhookResponse &answer)
{
    static struct soap *keeper = soap_new1(SOAP_XML_TREE);
    if (admit(soap))
        return soap->error;
    webhook = call->Webhook->soap_dup(keeper);
    webhook->WebhookId = keep(1);
    webhook->Registered = webhook->Updated = keep(time(nullptr));
    webhook->RegisteredAssociate = makeAssociate();
    webhook->UpdatedAssociate = makeAssociate();
    answer.Response = webhook;
    return SOAP_OK;
}

#define ABSENT(operation)                                                                                   \
    int __ns1__##operation(struct soap *soap, _ns1__##operation *, _ns1__##operation##Response &)           \
    {                                                                                                       \
        return soap_sender_fault(soap, #operation " is not here.", nullptr);                                \
    }
ABSENT(CreateDefaultWebhook)
ABSENT(DeleteWebhook)
ABSENT(GetAllWebhooks)
ABSENT(TestWebhook)
ABSENT(GetLastError)

// MARK: Connections

// gSOAP keeps what it has allocated until the end of a connection, unless this is done after each request.
static int release(struct soap *soap)
{
    soap_destroy(soap);
    soap_end(soap);
    return SOAP_OK;
}

// Each connection has a thread.
static void serve(struct soap *soap)
{
    soap_serve(soap);
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

int main(int count, char **arguments)
{
    if (count != 3) {
        fprintf(stderr, "usage: server PORT DATABASE\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    writer = new Writer(arguments[2]);
    // Answers have Content-Length, and objects stand where they are used.
    auto listener = soap_new2(SOAP_IO_KEEPALIVE | SOAP_C_UTFSTRING,
                              SOAP_IO_KEEPALIVE | SOAP_C_UTFSTRING | SOAP_XML_TREE | SOAP_IO_STORE);
    listener->bind_flags = SO_REUSEADDR;
    listener->max_keep_alive = 1 << 30;
    listener->fserveloop = release;
    require(soap_valid_socket(soap_bind(listener, "127.0.0.1", atoi(arguments[1]), 512)), "bind");
    while (true)
        if (soap_valid_socket(soap_accept(listener)))
            std::thread(serve, soap_copy(listener)).detach();
}
