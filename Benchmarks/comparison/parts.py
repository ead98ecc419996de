"""What is measured. Each part adds its rows to a report."""
import contextlib
import os
import re
import statistics
import subprocess
import tempfile
import time

from comparison import servers
from comparison.machine import MEASURED, cpu_seconds, on_core, resident_megabytes

CONNECTIONS = [1, 16, 64]
WEBHOOKS = 10  # That get each event of the part about deliveries.
SENDER_CONNECTIONS = 64
STARTS = 5
# Events for webhooks of such a type are recorded and not sent: one row for the event and one for the delivery, as the
# peer writes.
UNSENT = {"Type": "crmscript", "TargetUrl": "script"}


def median(results, name):
    return statistics.median(result[name] for result in results)


def soap(report, binary, tools, options):
    """GetWebhook, and SignalEvent with one webhook that listens; the servers take turns."""
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        both = [stack.enter_context(servers.service(binary, directory))]
        if tools.server:
            both.append(stack.enter_context(servers.gsoap(tools, directory)))
        for server in both:
            server.call("SaveWebhook", **UNSENT)
        for operation in ["GetWebhook", "SignalEvent"]:
            for server in both:
                server.load(tools, operation, 16, seconds=min(2, options.seconds))
            for connections in CONNECTIONS:
                results = {server.name: [] for server in both}
                for _ in range(options.rounds):
                    for server in both:
                        result = server.load(tools, operation, connections, seconds=options.seconds)
                        results[server.name].append(result)
                        report.progress(f"{server.name} {operation} c={connections}: {result['cpu']:.1f} us, "
                                        f"{result['rate']:,.0f}/s, p99 {result['p99']:,} us")
                for name, unit, key in [("CPU of one call", "us", "cpu"), ("calls", "/s", "rate"), ("p99", "us", "p99")]:
                    report.add(f"{operation}, {connections} at once: {name}", unit,
                               *(median(each, key) for each in results.values()), peer="gSOAP")
    report.skip("gSOAP", tools)


def deliveries(report, binary, tools, options):
    """Events for ten webhooks, signed, delivered to nginx and recorded. What counts is everything until the last delivery
    is recorded, the intake of the events included."""
    if report.skip("nginx", tools):
        return
    count = int(options.seconds * 10_000) // WEBHOOKS * WEBHOOKS
    with tempfile.TemporaryDirectory() as directory, servers.Sink.running() as sink, \
            servers.service(binary, directory) as service:
        for number in range(WEBHOOKS):
            service.call("SaveWebhook", TargetUrl=f"{sink.url}/{number}")

        def deliver(arrived):
            cpu, recorded = cpu_seconds(service.process), attempts(service)
            service.load(tools, "SignalEvent", 8, requests=count // WEBHOOKS)
            wait_for(sink, arrived + count)
            ended = time.perf_counter()
            service.request("GET", "/admin/v1/idle?timeout=60s")
            cpu = cpu_seconds(service.process) - cpu
            assert attempts(service) == recorded + count, "not every delivery is recorded once"
            return ended, cpu

        def send(_):
            process = subprocess.Popen(on_core(MEASURED, tools.sender, sink.url, count, SENDER_CONNECTIONS))
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            assert process.returncode == 0, "libcurl got other answers than 200"
            return time.perf_counter(), usage.ru_utime + usage.ru_stime

        senders = {"webhook-svc": deliver, **({"libcurl": send} if tools.sender else {})}
        results = {name: [] for name in senders}
        for _ in range(options.rounds):
            for name, work in senders.items():
                arrived, begun = sink.arrivals(), time.perf_counter()
                ended, cpu = work(arrived)
                assert sink.arrivals() == arrived + count, "not every delivery came once"
                results[name].append({"cpu": cpu / count * 1e6, "rate": count / (ended - begun)})
                report.progress(f"{name}: {results[name][-1]['cpu']:.1f} us, {results[name][-1]['rate']:,.0f}/s")
    for name, unit, key in [("CPU of one delivery", "us", "cpu"), ("deliveries", "/s", "rate")]:
        report.add(f"deliveries, signed and recorded: {name}", unit,
                   *(median(each, key) for each in results.values()), peer="libcurl, no record")
    report.skip("libcurl", tools)


def attempts(service):
    """How many attempts at deliveries the service has recorded since its start."""
    found = re.findall(r"^webhook_svc_delivery_attempts_total(?:{.*})? (\S+)$", service.request("GET", "/metrics"), re.M)
    return sum(map(float, found))


def wait_for(sink, count):
    deadline = time.monotonic() + 120
    while (arrived := sink.arrivals()) < count:
        assert time.monotonic() < deadline, f"only {arrived} of {count} deliveries arrived"
        time.sleep(0.01)


def start(report, binary, tools, options):
    """From the start of the process to its first answer on an empty store, and what it costs while it has nothing to do."""
    results = []
    for make in [lambda directory: servers.service(binary, directory),
                 *([lambda directory: servers.gsoap(tools, directory)] if tools.server else [])]:
        times = []
        for number in range(STARTS):
            with tempfile.TemporaryDirectory() as directory:
                server = make(directory)
                try:
                    times.append(server.start() * 1000)
                    if number == STARTS - 1:
                        time.sleep(1)
                        before = cpu_seconds(server.process)
                        time.sleep(options.seconds * 2)
                        cpu = (cpu_seconds(server.process) - before) / (options.seconds * 2) * 1e6
                        results.append((statistics.median(times), resident_megabytes(server.process), cpu))
                finally:
                    server.stop()
        report.progress(f"{server.name}: {results[-1]}")
    for name, unit, values in zip(["start to first answer", "memory while idle", "CPU while idle"], ["ms", "MB", "us/s"],
                                  zip(*results)):
        report.add(name, unit, *values, peer="gSOAP")
    report.skip("gSOAP", tools)


def growth(report, binary, tools, options):
    """What webhooks that listen to other events cost a signal, the memory and the start."""
    signals, memory, starts = [], [], []
    with tempfile.TemporaryDirectory() as directory:
        service = servers.service(binary, directory)
        try:
            service.start()
            service.call("SaveWebhook", **UNSENT)
            service.load(tools, "SignalEvent", 16, seconds=min(2, options.seconds))
            saved = 1
            for size in options.webhooks:
                # Each has an event of its own.
                service.load(tools, "SaveWebhook", 16, requests=size - saved, **UNSENT,
                             Events="<a:string>other.########</a:string>")
                saved = size
                results = [service.load(tools, "SignalEvent", 16, seconds=options.seconds) for _ in range(options.rounds)]
                signals.append((size, median(results, "cpu")))
                memory.append((size, resident_megabytes(service.process)))
                service.stop()
                starts.append((size, service.start() * 1000))
                report.progress(f"{size:,} webhooks: {signals[-1][1]:.1f} us, {memory[-1][1]:.0f} MB, "
                                f"{starts[-1][1]:.0f} ms")
        finally:
            service.stop()
    for name, title, unit, points in [("growth-signal", "CPU of one SignalEvent", "us", signals),
                                      ("growth-memory", "memory", "MB", memory),
                                      ("growth-start", "start to first answer", "ms", starts)]:
        (fewest, least), *more = points
        report.add(f"{fewest:,} webhooks: {title}", unit, least)
        for size, value in more:
            report.add(f"{size:,} webhooks: {title}", unit, value, least, peer=f"{fewest:,} webhooks")
        report.curves.append((name, title, unit, points))
