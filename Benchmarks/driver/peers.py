# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What is measured: each peer knows how to start itself in front of the upstream.

All run one worker on one core and forward without buffering answers, as a gateway for streams must. nginx is measured with an access log
(buffered, which favours it), as the gateway writes one too, and without. HAProxy keeps its defaults but for two settings: without
`http-no-delay` it holds back the median stream chunk by 80 ms, without `http-reuse always` it opens more upstream connections.
"""

import os
import shlex
import shutil
from dataclasses import dataclass, field

from . import gateway_config
from .processes import Failed, Process


@dataclass
class Upstream:
    """Where the answers come from."""
    ports: list
    #: PEM file with the authority that signed the upstream's certificate; None: plain HTTP.
    authority_file: str | None = None

    def urls(self, base_path="/v1"):
        scheme, host = ("https", "localhost") if self.authority_file else ("http", "127.0.0.1")
        return [f"{scheme}://{host}:{port}{base_path}" for port in self.ports]


@dataclass
class Peer:
    """A proxy under measurement. `prepare` writes its files into a directory and returns the command."""
    name: str
    #: Checks the load generator can make: `full`, `content` where a peer translates answers, or `framing` where it rewrites them.
    check: str = "full"
    #: What the load generator speaks: `chat` (OpenAI's API) or `messages` (Anthropic's).
    wire: str = "chat"
    #: Requests of a whole run are divided by this: some peers are a thousand times slower.
    slowness: int = 1
    start_seconds: int = 30
    env: dict = field(default_factory=dict)

    def missing(self):
        """Why it cannot run here and how to change that; None when it can."""
        return None

    def prepare(self, directory, port, upstream):
        raise NotImplementedError

    def supports_tls(self):
        return False

    def speaking(self, wires):
        """The same peer between a caller and an upstream that speak these; None when it cannot."""
        return self if wires == gateway_config.PASS_THROUGH else None

    def start(self, directory, port, upstream, cores):
        os.makedirs(directory, exist_ok=True)
        process = Process(self.prepare(directory, port, upstream), cores, os.path.join(directory, "output.log"), env=self.env)
        try:
            process.await_port(port, self.start_seconds)
        except BaseException:
            process.stop()
            raise
        return process


class Nginx(Peer):
    def __init__(self, name="nginx", logs=True):
        super().__init__(name)
        self.logs = logs

    def missing(self):
        return None if find("nginx") else "nginx is not installed: apt-get install nginx-light"

    def supports_tls(self):
        return True

    def prepare(self, directory, port, upstream):
        log = f"{directory}/access.log combined buffer=64k flush=1s" if self.logs else "off"
        servers = "\n".join(f"server 127.0.0.1:{p};" for p in upstream.ports)
        tls = f"""
            proxy_ssl_trusted_certificate {upstream.authority_file};
            proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.3;
        """ if upstream.authority_file else ""
        path = write(directory, "nginx.conf", nginx_frame(directory, f"""
            access_log {log};
            upstream models {{ {servers} keepalive 1024; keepalive_requests 1000000000; keepalive_timeout 600s; }}
            server {{
                listen 127.0.0.1:{port} backlog=4096;
                location / {{
                    proxy_pass {"https" if upstream.authority_file else "http"}://models;
                    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
                    {tls}
                }}
            }}
        """))
        return [find("nginx"), "-e", f"{directory}/error.log", "-c", path]


class HAProxy(Peer):
    def missing(self):
        return None if find("haproxy") else "HAProxy is not installed: apt-get install haproxy"

    def supports_tls(self):
        return True

    def prepare(self, directory, port, upstream):
        tls = f"ssl verify required ca-file {upstream.authority_file} verifyhost localhost sni str(localhost)" if upstream.authority_file else ""
        servers = "\n".join(f"    server s{i} 127.0.0.1:{p} {tls}" for i, p in enumerate(upstream.ports))
        path = write(directory, "haproxy.cfg", f"""
global
    nbthread 1
    maxconn 8192
defaults
    mode http
    timeout connect 5s
    timeout client 300s
    timeout server 300s
    http-reuse always
    option http-no-delay
frontend clients
    bind 127.0.0.1:{port} backlog 4096
    default_backend models
backend models
{servers}
""")
        return [find("haproxy"), "-db", "-f", path]


class Gateway(Peer):
    """Isobar, started by a command template: `{config}`, `{port}`, `{admin_port}` and `{directory}` are filled in."""
    DEFAULT = "isobar gateway --config {config} --listen 127.0.0.1:{port} --admin 127.0.0.1:{admin_port} --loops 1 --access-log {directory}/access.log"

    def __init__(self, template, admin_port, key, wires=gateway_config.PASS_THROUGH, check="full"):
        env = {gateway_config.KEY_VARIABLE: key, gateway_config.UPSTREAM_KEY_VARIABLE: "sk-upstream-0001"}
        env[gateway_config.PEPPER_VARIABLE] = gateway_config.PEPPER
        super().__init__(wires.name, check=check, wire=wires.caller, env=env)
        self.template = template
        self.admin_port = admin_port
        self.key = key
        self.wires = wires

    def missing(self):
        program = shlex.split(self.template)[0]
        return None if find(program) else f"{program} is not there: build it (swift build -c release) or state --gateway-command"

    def supports_tls(self):
        return True

    def speaking(self, wires):
        return self if wires == self.wires else Gateway(self.template, self.admin_port, self.key, wires, check="content")

    def prepare(self, directory, port, upstream):
        config = write(directory, "bench.yaml", gateway_config.text(upstream.urls(self.wires.base_path), upstream.authority_file, self.wires))
        values = {"config": config, "port": port, "admin_port": self.admin_port, "directory": directory}
        words = [word.format(**values) for word in shlex.split(self.template)]
        return [find(words[0]) or words[0], *words[1:]]


def translating_gateways(template, admin_ports, key):
    """The gateway passing through and then with every translation, all checked alike. All can run at the same time."""
    every = (gateway_config.PASS_THROUGH, *gateway_config.TRANSLATIONS)
    return [Gateway(template, port, key, wires, check="content") for port, wires in zip(admin_ports, every, strict=True)]


def nginx_frame(directory, http):
    """A whole nginx configuration that touches nothing outside `directory`."""
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "\n".join(f"{kind}_temp_path {directory}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""
        daemon off; worker_processes 1; worker_rlimit_nofile 16384; pid {directory}/nginx.pid; {user}
        error_log {directory}/error.log;
        events {{ worker_connections 8192; }}
        http {{
            {temporary}
            client_body_buffer_size 64k; client_max_body_size 1m;
            keepalive_requests 1000000000; keepalive_timeout 600s;
            {http}
        }}
    """


def find(program):
    """Full path of a program, also where daemons live but a user's PATH may not reach."""
    built = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".build", "release")
    return shutil.which(program, path=os.pathsep.join([built, os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))


def write(directory, name, content):
    path = os.path.join(directory, name)
    with open(path, "w") as file:
        file.write(content)
    return path


def by_name(names, available):
    """The peers called `names`, in that order."""
    chosen = []
    for name in names:
        if name not in available:
            raise Failed(f"no peer {name}; there are {', '.join(available)}")
        chosen.append(available[name])
    return chosen
