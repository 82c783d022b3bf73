# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Gateways from PyPI, each in a virtual environment of its own. Optional: they are slow to install and some are slow to run."""

import os
import subprocess
import sys

from .peers import Peer, write

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ENVIRONMENTS = os.path.join(HERE, ".venv-peers")


class PythonPeer(Peer):
    """A server installed by pip. It rewrites answers or adds fields, so only framing is checked."""

    def __init__(self, name, packages, arguments, slowness, prepare_files=None):
        super().__init__(name, check="framing", slowness=slowness, start_seconds=120)
        self.packages = packages
        self.arguments = arguments
        self.prepare_files = prepare_files

    @property
    def environment(self):
        return os.path.join(ENVIRONMENTS, self.name)

    def missing(self):
        if os.path.exists(os.path.join(self.environment, "installed")):
            return None
        return f"{self.name} is not installed: Benchmarks/run --install-peers {self.name}"

    def install(self):
        subprocess.run([sys.executable, "-m", "venv", self.environment], check=True)
        subprocess.run([os.path.join(self.environment, "bin/pip"), "install", "--quiet", *self.packages], check=True)
        write(self.environment, "installed", "\n".join(self.packages))

    def prepare(self, directory, port, upstream):
        if self.prepare_files:
            self.prepare_files(directory, upstream)
        values = {"bin": os.path.join(self.environment, "bin"), "directory": directory, "port": port}
        command = []
        for word in self.arguments:
            command += [f"http://127.0.0.1:{p}" for p in upstream.ports] if word == "{workers}" else [word.format(**values)]
        return command


def _litellm_files(directory, upstream):
    models = "".join(
        f"  - model_name: bench-model\n    litellm_params:\n      model: openai/bench-model\n      api_base: {url}\n      api_key: sk-upstream\n"
        for url in upstream.urls())
    write(directory, "litellm.yaml", f"model_list:\n{models}")


def python_peers():
    router = ["--worker-urls", "{workers}", "--policy", "round_robin", "--host", "127.0.0.1", "--port", "{port}"]
    return {
        "litellm": PythonPeer(
            "litellm", ["litellm[proxy]"],
            ["{bin}/litellm", "--config", "{directory}/litellm.yaml", "--host", "127.0.0.1", "--port", "{port}", "--num_workers", "1"], 1000,
            _litellm_files),
        "sglang-router": PythonPeer("sglang-router", ["sglang-router"], ["{bin}/python", "-m", "sglang_router.launch_router", *router], 5),
        "vllm-router": PythonPeer("vllm-router", ["vllm-router"], ["{bin}/vllm-router", *router], 5),
        "smg": PythonPeer("smg", ["smg"], ["{bin}/smg", "launch", *router], 10),
    }
