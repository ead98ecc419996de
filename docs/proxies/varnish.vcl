# Varnish 7.1: /etc/varnish/default.vcl, with `varnishd -a :80 -p backend_idle_timeout=60`, which is less than --idle-timeout.
vcl 4.1;

import directors;

# Two seconds after SIGTERM nothing new comes to a process: --drain-delay 5s leaves room.
probe ready {
    .url = "/readyz";
    .interval = 1s;
    .timeout = 1s;
    .window = 1;
    .threshold = 1;
    .initial = 1;
}

backend first {
    .host = "127.0.0.1";
    .port = "8087";
    .probe = ready;
}

backend second {
    .host = "127.0.0.1";
    .port = "8088";
    .probe = ready;
}

sub vcl_init {
    new webhook_svc = directors.round_robin();
    webhook_svc.add_backend(first);
    webhook_svc.add_backend(second);
}

sub vcl_recv {
    # The service's own paths, with or without a tenant. Not /admin, /metrics and /readyz.
    if (req.url !~ "(?i)^/+([^/?]+/+)?(remote|api)([/?]|$)") {
        return (synth(404));
    }
    set req.http.X-Forwarded-For = client.ip;
    set req.http.X-Forwarded-Proto = "http";    # "https" where TLS ends before Varnish.
    set req.http.X-Forwarded-Host = req.http.Host;
    unset req.http.X-Forwarded-Port;
    unset req.http.Forwarded;
    set req.backend_hint = webhook_svc.backend();
    return (pass);      # Answers depend on who asks, and nothing is kept.
}
