// Posts one request again and again over keep-alive connections, in one thread, and checks every answer: its status, that
// the call succeeded, and that the answer holds a text that only the right one has.
//
//   load PORT CONNECTIONS seconds|requests LIMIT REQUEST-FILE TEXT
//
// The file holds a whole HTTP request. Every "########" in it is replaced by a number that grows with each request. Prints
// one line of JSON: the requests, the seconds that they took, and the 50th and 99th percentile of their times in
// microseconds. Ends with 1 at the first wrong answer and shows it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_BYTES = 1 << 16, MOST_CONNECTIONS = 256, NUMBER_DIGITS = 8, MOST_NUMBERS = 8, PATIENCE_MS = 30000 };

typedef struct {
    int socket;
    size_t received;
    uint64_t begun;
    char answer[ANSWER_BYTES + 1];
} Connection;

static Connection connections[MOST_CONNECTIONS];
static char *request, *numbers[MOST_NUMBERS];
static size_t request_bytes, number_count, sent, finished, room;
static const char *text;
static uint32_t *times;

static uint64_t now(void)  // In microseconds.
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000ull + time.tv_nsec / 1000;
}

static void fail(const char *what, const char *detail)
{
    fprintf(stderr, "%s: %s\n", what, detail);
    exit(1);
}

static void read_request(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail(path, strerror(errno));
    request = calloc(1, ANSWER_BYTES + 1);
    request_bytes = fread(request, 1, ANSWER_BYTES, file);
    fclose(file);
    for (char *next = request; (next = strstr(next, "########")); next += NUMBER_DIGITS) {
        if (number_count == MOST_NUMBERS)
            fail(path, "too many numbers");
        numbers[number_count++] = next;
    }
}

static void send_request(Connection *connection)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%08zu", ++sent % 100000000);
    for (size_t each = 0; each < number_count; each++)
        memcpy(numbers[each], digits, NUMBER_DIGITS);
    connection->received = 0;
    connection->begun = now();
    // A request is far smaller than a socket's buffer, so it is written whole.
    if (write(connection->socket, request, request_bytes) != (ssize_t)request_bytes)
        fail("write", strerror(errno));
}

// The length of the whole answer; 0 until that is known.
static size_t answer_length(const Connection *connection)
{
    const char *end = strstr(connection->answer, "\r\n\r\n");
    if (!end)
        return 0;
    const char *field = strcasestr(connection->answer, "\r\nContent-Length:");
    if (!field || field > end)
        fail("an answer without Content-Length", connection->answer);
    return end + 4 - connection->answer + strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
}

static bool is_right(const char *answer)
{
    const char *block = strstr(answer, "Succeeded");
    const char *value = block ? strchr(block, '>') : NULL;
    return !strncmp(answer, "HTTP/1.1 200", 12) && value && !strncmp(value, ">true<", 6) && strstr(answer, text);
}

// Returns whether the answer is complete. Then it has been checked and its time is kept.
static bool receive(Connection *connection)
{
    ssize_t count = read(connection->socket, connection->answer + connection->received,
                         ANSWER_BYTES - connection->received);
    if (count <= 0)
        fail("read", count ? strerror(errno) : "the server has closed the connection");
    connection->received += count;
    connection->answer[connection->received] = 0;
    size_t length = answer_length(connection);
    if (!length || connection->received < length)
        return false;
    if (connection->received > length || !is_right(connection->answer))
        fail("a wrong answer", connection->answer);
    if (finished == room && !(times = realloc(times, sizeof *times * (room = room ? 2 * room : 1 << 16))))
        fail("memory", "there is none left");
    times[finished++] = now() - connection->begun;
    return true;
}

static int in_order(const void *left, const void *right)
{
    uint32_t one = *(const uint32_t *)left, other = *(const uint32_t *)right;
    return (one > other) - (one < other);
}

int main(int count, char **arguments)
{
    if (count != 7 || atoi(arguments[2]) > MOST_CONNECTIONS) {
        fprintf(stderr, "usage: load PORT CONNECTIONS seconds|requests LIMIT REQUEST-FILE TEXT\n");
        return 2;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    size_t width = atoi(arguments[2]), limit = SIZE_MAX;
    uint64_t begun = now(), end = UINT64_MAX;
    if (strcmp(arguments[3], "requests"))
        end = begun + atof(arguments[4]) * 1e6;
    else
        limit = atol(arguments[4]);
    read_request(arguments[5]);
    text = arguments[6];

    int poll = epoll_create1(0);
    for (Connection *each = connections; each < connections + width && sent < limit; each++) {
        each->socket = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(each->socket, (struct sockaddr *)&address, sizeof address))
            fail("connect", strerror(errno));
        setsockopt(each->socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        epoll_ctl(poll, EPOLL_CTL_ADD, each->socket, &(struct epoll_event){.events = EPOLLIN, .data.ptr = each});
        send_request(each);
    }
    while (finished < sent) {
        struct epoll_event events[MOST_CONNECTIONS];
        int ready = epoll_wait(poll, events, MOST_CONNECTIONS, PATIENCE_MS);
        if (ready <= 0)
            fail("wait", "no answer came");
        for (int each = 0; each < ready; each++)
            if (receive(events[each].data.ptr) && sent < limit && now() < end)
                send_request(events[each].data.ptr);
    }
    double seconds = (now() - begun) / 1e6;
    qsort(times, finished, sizeof *times, in_order);
    printf("{\"requests\": %zu, \"seconds\": %.6f, \"p50\": %u, \"p99\": %u}\n", finished, seconds,
           times[(finished - 1) / 2], times[(finished - 1) * 99 / 100]);
}
