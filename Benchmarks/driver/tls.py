# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The upstream behind HTTPS: nginx with a P-256 certificate of an authority made for the run. Its own CPU is not counted to anybody."""

import os
import subprocess

from .peers import find, nginx_frame, write
from .processes import Process


class TLSFront:
    def __init__(self, directory, port):
        os.makedirs(directory, exist_ok=True)
        self.directory = directory
        # One server stands for three regions, as the upstream's three ports do.
        self.ports = [port] * 3
        self.authority_file = f"{directory}/authority.pem"
        self._make_certificate()

    def start(self, upstream_ports, cores):
        """The running server; a context manager."""
        servers = " ".join(f"server 127.0.0.1:{port};" for port in upstream_ports)
        path = write(self.directory, "nginx.conf", nginx_frame(self.directory, f"""
            access_log off;
            ssl_certificate {self.directory}/server.pem; ssl_certificate_key {self.directory}/server.key; ssl_protocols TLSv1.3;
            upstream models {{ {servers} keepalive 1024; keepalive_requests 1000000000; keepalive_timeout 600s; }}
            server {{
                listen 127.0.0.1:{self.ports[0]} ssl backlog=4096;
                location / {{ proxy_pass http://models; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }}
            }}
        """))
        process = Process([find("nginx"), "-e", f"{self.directory}/error.log", "-c", path], cores, f"{self.directory}/output.log")
        process.await_port(self.ports[0])
        return process

    def _make_certificate(self):
        d = self.directory
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        names = write(d, "names.cnf", "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        self._openssl("req", "-x509", *curve, "-days", "2", "-subj", "/CN=bench authority", "-keyout", f"{d}/authority.key", "-out", self.authority_file)
        self._openssl("req", *curve, "-subj", "/CN=localhost", "-keyout", f"{d}/server.key", "-out", f"{d}/server.csr")
        self._openssl(
            "x509", "-req", "-in", f"{d}/server.csr", "-CA", self.authority_file, "-CAkey", f"{d}/authority.key", "-CAcreateserial", "-days", "2",
            "-extfile", names, "-out", f"{d}/server.pem")

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)
