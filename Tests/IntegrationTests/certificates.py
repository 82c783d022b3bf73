# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Certificates made with openssl for tests, and servers that show them."""

import ssl
import subprocess


class Authority:
    """A certificate authority made with openssl, and what it signs."""

    def __init__(self, directory, name):
        self.directory, self.name = directory, name
        self.certificate = directory / f"{name}.pem"
        self.key = directory / f"{name}.key"
        self._run(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            f"/CN={name}",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign",
            "-keyout",
            self.key,
            "-out",
            self.certificate,
        )

    def issue(self, subject, *names, days=2, more=()):
        """- names: `DNS:…`, `IP:…` or `URI:…`; more: lines of further extensions. Returns certificate and key files."""
        certificate, key, request, extensions = (
            self.directory / f"{self.name}-{subject}.{kind}" for kind in ("pem", "key", "csr", "ext")
        )
        lines = [f"subjectAltName={','.join(names)}", *more]
        extensions.write_text("".join(f"{line}\n" for line in lines))
        self._run(
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            f"/CN={subject}",
            "-keyout",
            key,
            "-out",
            request,
        )
        self._run(
            "x509",
            "-req",
            "-in",
            request,
            "-CA",
            self.certificate,
            "-CAkey",
            self.key,
            "-CAcreateserial",
            "-days",
            str(days),
            "-extfile",
            extensions,
            "-out",
            certificate,
        )
        return certificate, key

    @staticmethod
    def _run(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def server_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
