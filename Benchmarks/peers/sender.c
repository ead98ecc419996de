// Sends notifications as a careful C programmer would with libcurl: one thread, epoll, keep-alive connections; each body is
// built and signed for itself. It keeps no record and tries nothing again.
//
//   sender URL NOTIFICATIONS CONNECTIONS
//
// Ends with 1 if an answer has another status than 200.
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

static const char secret[] = "a secret of the receiver";

typedef struct {
    CURL *transfer;
    struct curl_slist *headers;
    char body[1024];
} Slot;

static CURLM *transfers;
static int poll_descriptor;
static long timeout = -1, limit, begun, finished, failures;

static size_t ignore(char *bytes, size_t size, size_t count, void *slot)
{
    (void)bytes, (void)slot;
    return size * count;
}

static int watch(CURL *transfer, curl_socket_t socket, int what, void *data, void *watched)
{
    (void)transfer, (void)data;
    struct epoll_event event = {.data.fd = socket};
    if (what == CURL_POLL_REMOVE)
        return epoll_ctl(poll_descriptor, EPOLL_CTL_DEL, socket, NULL), 0;
    if (what & CURL_POLL_IN)
        event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        event.events |= EPOLLOUT;
    epoll_ctl(poll_descriptor, watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
    curl_multi_assign(transfers, socket, &poll_descriptor);
    return 0;
}

static int set_timeout(CURLM *multi, long milliseconds, void *data)
{
    (void)multi, (void)data;
    timeout = milliseconds;
    return 0;
}

static void add_header(Slot *slot, const char *name, const char *value)
{
    char line[256];
    snprintf(line, sizeof line, "%s: %s", name, value);
    slot->headers = curl_slist_append(slot->headers, line);
}

static void begin(Slot *slot)
{
    char id[48], moment[64], seconds[24], signature[64];
    struct timespec time;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &time);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", gmtime_r(&time.tv_sec, &parts));
    snprintf(moment, sizeof moment, "%s.%07ldZ", seconds, time.tv_nsec / 100);
    snprintf(id, sizeof id, "%08lx-5c1d-4e0f-9a2b-%012lx", begun, (unsigned long)rand());
    int length = snprintf(
        slot->body, sizeof slot->body,
        "{\"EventId\":\"%s\",\"Timestamp\":\"%s\",\"Changes\":[\"name\",\"contactId\",\"isOwner\",\"updated\",\"turnover\"],"
        "\"Event\":\"contact.created\",\"PrimaryKey\":%ld,\"Entity\":\"contact\",\"ContextIdentifier\":\"Default\","
        "\"ChangedByAssociateId\":5,\"WebhookName\":\"Sync\","
        "\"department\":\"Salg & st\u00f8tte\",\"priority\":3,\"billed\":false}",
        id, moment, begun);
    unsigned char code[EVP_MAX_MD_SIZE];
    unsigned code_length = 0;
    HMAC(EVP_sha256(), secret, sizeof secret - 1, (unsigned char *)slot->body, length, code, &code_length);
    EVP_EncodeBlock((unsigned char *)signature, code, code_length);

    curl_slist_free_all(slot->headers);
    slot->headers = curl_slist_append(NULL, "Content-Type: application/json; charset=utf-8");
    add_header(slot, "User-Agent", "NetServer-Webhook/8.7");
    add_header(slot, "X-SuperOffice-Event", "contact.created");
    add_header(slot, "X-SuperOffice-EventId", id);
    add_header(slot, "X-SuperOffice-Retry", "0");
    add_header(slot, "X-SuperOffice-Signature", signature);
    add_header(slot, "X-Department", "Oslo");
    add_header(slot, "X-Purpose", "synchronisation");
    slot->headers = curl_slist_append(slot->headers, "Accept:");
    slot->headers = curl_slist_append(slot->headers, "Expect:");
    curl_easy_setopt(slot->transfer, CURLOPT_HTTPHEADER, slot->headers);
    curl_easy_setopt(slot->transfer, CURLOPT_POSTFIELDS, slot->body);
    curl_easy_setopt(slot->transfer, CURLOPT_POSTFIELDSIZE, (long)length);
    curl_multi_add_handle(transfers, slot->transfer);
    begun++;
}

static void collect(void)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(transfers, &left))) {
        CURL *transfer = message->easy_handle;
        Slot *slot;
        long status = 0;
        curl_easy_getinfo(transfer, CURLINFO_PRIVATE, &slot);
        curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
        failures += message->data.result != CURLE_OK || status != 200;
        finished++;
        curl_multi_remove_handle(transfers, transfer);
        if (begun < limit)
            begin(slot);
    }
}

int main(int count, char **arguments)
{
    if (count != 4) {
        fprintf(stderr, "usage: sender URL NOTIFICATIONS CONNECTIONS\n");
        return 2;
    }
    limit = atol(arguments[2]);
    long connections = atol(arguments[3]);
    curl_global_init(CURL_GLOBAL_ALL);
    poll_descriptor = epoll_create1(0);
    transfers = curl_multi_init();
    curl_multi_setopt(transfers, CURLMOPT_SOCKETFUNCTION, watch);
    curl_multi_setopt(transfers, CURLMOPT_TIMERFUNCTION, set_timeout);
    curl_multi_setopt(transfers, CURLMOPT_MAXCONNECTS, connections);
    for (long each = 0; each < connections && begun < limit; each++) {
        Slot *slot = calloc(1, sizeof *slot);
        slot->transfer = curl_easy_init();
        curl_easy_setopt(slot->transfer, CURLOPT_URL, arguments[1]);
        curl_easy_setopt(slot->transfer, CURLOPT_PRIVATE, slot);
        curl_easy_setopt(slot->transfer, CURLOPT_WRITEFUNCTION, ignore);
        curl_easy_setopt(slot->transfer, CURLOPT_TIMEOUT, 30L);
        curl_easy_setopt(slot->transfer, CURLOPT_NOSIGNAL, 1L);
        begin(slot);
    }
    while (finished < limit) {
        struct epoll_event events[64];
        int running, ready = timeout ? epoll_wait(poll_descriptor, events, 64, timeout < 0 ? 1000 : (int)timeout) : 0;
        if (!ready) {
            timeout = -1;
            curl_multi_socket_action(transfers, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        for (int each = 0; each < ready; each++) {
            unsigned flags = events[each].events;
            int what = (flags & EPOLLIN ? CURL_CSELECT_IN : 0) | (flags & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                       (flags & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
            curl_multi_socket_action(transfers, events[each].data.fd, what, &running);
        }
        collect();
    }
    return failures != 0;
}
