# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The matrix under test: one gateway over a double of every provider, and every caller in front of it.

Each upstream is a model of its own, named as the upstream; `-drop` behind the name leads to the same endpoint by a
route that drops what the endpoint's API cannot say.
"""

import contextlib
import dataclasses

import pytest

from callers import CALLERS
from callers.words import Heard, Inexpressible
from configurations import document, text
from doubles import chat, chat_rules
from doubles.anthropic import Anthropic
from doubles.azure import Azure
from doubles.bedrock import Bedrock
from doubles.faults import Refusal
from doubles.gemini import Gemini
from doubles.model import echo
from doubles.openai import OpenAI
from doubles.server import Piece, Whole
from expectations import ERRORS, FRONTS, UPSTREAMS, Absent, Refused, Supported, expected
from processes import KEY
from providers import SECRETS, ProviderEndpoint

DROP = "-drop"
# Failures that are no row of the table, each with endpoints of its own too.
REASONS, CREDENTIALS, SECRECY, ARRAYS = "reasons", "credentials", "secrecy", "arrays"

ROWS_OF_FAILURES = (*ERRORS, REASONS, CREDENTIALS, SECRECY, ARRAYS)


class Compatible(OpenAI):
    """A server that speaks OpenAI's chat as vLLM, SGLang and llama.cpp do: with thoughts, and a member more; and that
    counts as vLLM does."""

    routes = [*OpenAI.routes, ("POST", "/tokenize", "tokenize")]
    extensions = ("top_k",)
    reasoning = "reasoning_content"

    def tokenize(self, request):
        """What vLLM's protocol takes for a conversation (read 2026-11)."""
        self.authenticate(request)
        body = request.json
        for name in body:
            if name not in ("model", "messages", "tools", "add_generation_prompt", "chat_template_kwargs"):
                raise Refusal("invalid", f"Extra inputs are not permitted: {name}")
        chat_rules.judge({name: body[name] for name in body if name in ("model", "messages", "tools")})
        self.know(body["model"])
        count = chat.prompt_of(body).tokens
        return Whole({"count": count, "max_model_len": 4096, "tokens": list(range(count)), "token_strs": None})

    def _body(self, request, model):
        """Thoughts that come back are read by the model's template, and are nothing that could be wrong."""
        body = super()._body(request, model)
        messages = [{name: one[name] for name in one if name != "reasoning_content"} for one in body["messages"]]
        return {**body, "messages": messages}


@dataclasses.dataclass(frozen=True)
class Kind:
    """How an upstream of the table is built: its double, and the endpoint's members."""

    double: type
    flavor: str
    model: str
    api: str | None = None
    base: str | None = None
    credential: dict | None = None
    serves: dict = dataclasses.field(default_factory=dict)
    options: dict = dataclasses.field(default_factory=dict)


CLAUDE = "claude-double"
BEDROCK_CLAUDE = "us.anthropic.claude-double-v1:0"
VERTEX = "/v1/projects/double/locations/us-central1"
BEARER = {"scheme": "bearer", "secret": "env:DOUBLE_KEY"}
BUDGET = {"thinking": "budget"}

KINDS = {
    "openai": Kind(OpenAI, "openai", "gpt-double"),
    "openai-responses": Kind(OpenAI, "openai", "gpt-double", api="responses"),
    "azure": Kind(Azure, "azure", "gpt-double"),
    "azure-deployments": Kind(Azure, "azure", "gpt-double", base="", options={"apiVersion": "2024-10-21"}),
    "foundry-claude": Kind(Azure, "azure", CLAUDE, api="messages", base="/anthropic/v1"),
    "anthropic": Kind(Anthropic, "anthropic", CLAUDE),
    # Signed; the other two send Bedrock's API keys.
    "bedrock-converse": Kind(Bedrock, "bedrock", BEDROCK_CLAUDE),
    "bedrock-invoke": Kind(Bedrock, "bedrock", BEDROCK_CLAUDE, api="messages", credential=BEARER, serves=BUDGET),
    "bedrock-openai": Kind(
        Bedrock, "bedrock", "us.openai.gpt-double", api="chat", base="/openai/v1", credential=BEARER
    ),
    "gemini": Kind(Gemini, "gemini", "gemini-3-flash"),
    "vertex-gemini": Kind(Gemini, "vertex", "gemini-2.5-flash", serves=BUDGET),
    "vertex-claude": Kind(Gemini, "vertex", "claude-double@1", api="messages", serves=BUDGET),
    "vertex-openai": Kind(Gemini, "vertex", "google/gemini-2.5-flash", api="chat", base=f"{VERTEX}/endpoints/openapi"),
    "compatible": Kind(Compatible, "vllm", "demo", api="chat", base="/v1", credential=BEARER),
}

class Dribbling:
    """A double whose streams may come byte by byte."""

    dribbles = False

    def _send_stream(self, request, reply):
        if self.dribbles:
            whole = b"".join(piece.data for piece in reply.pieces)
            reply.pieces = [Piece(whole[index : index + 1], True) for index in range(len(whole))]
        super()._send_stream(request, reply)


class Recorder:
    """The model behind a double: answers as `echo` does, or as a test says, and keeps what it was asked."""

    def __init__(self):
        self.prompts, self.reply = [], None

    def __call__(self, prompt):
        self.prompts.append(prompt)
        return self.reply(prompt) if self.reply else echo(prompt)


def double_of(name, model):
    double = KINDS[name].double
    return type(double.__name__, (Dribbling, double), {})(model=model)


def endpoint_of(name, double, endpoint=None):
    """- endpoint: the endpoint's own name, where one upstream has several."""
    kind = KINDS[name]
    return ProviderEndpoint(
        endpoint or name,
        kind.flavor,
        double,
        model=kind.model,
        api=kind.api,
        base=kind.base,
        credential=kind.credential,
        serves=kind.serves,
        options=kind.options,
    )


def documents_of(name, double):
    """Endpoint, model and the two routes of one upstream."""
    return [
        *endpoint_of(name, double).documents(name),
        document("Model", name, {"contextTokensMax": 8192}),
        route(name, [name], name, [[name]], retry={"attemptsMax": 1}),
        route(name + DROP, [name + DROP], name, [[name]], retry={"attemptsMax": 1}, drops=True),
    ]


def documents_of_failures(name, double):
    """For every front and every row of errors, a model of its own at endpoints of their own: a failure leaves an
    endpoint with a reputation. A model whose stream fails early has a second endpoint to turn to."""
    cells = [(failing_model(row, front, name), row) for front in FRONTS for row in ROWS_OF_FAILURES]
    return [one for model, row in cells for one in _documents_of_failure(model, row, name, double)]


def failing_model(row, front, upstream):
    return f"{row}-{front}-{upstream}".lower()


def _documents_of_failure(model, row, name, double):
    endpoints = [model, f"{model}-2"] if row == "error-early" else [model]
    listed = [one for endpoint in endpoints for one in endpoint_of(name, double, endpoint).documents(model)]
    retry = {"attemptsMax": len(endpoints)}
    tiers = [[endpoint] for endpoint in endpoints]
    return [*listed, document("Model", model, {"contextTokensMax": 8192}), route(model, [model], model, tiers, retry)]


def route(name, models, model, tiers, retry=None, drops=False):
    spec = {"models": models, "model": model}
    spec["tiers"] = [{"name": f"tier-{number}", "endpoints": members} for number, members in enumerate(tiers)]
    if retry is not None:
        spec["retry"] = retry
    if drops:
        spec["onUnsupported"] = "drop"
    return document("Route", name, spec)


def tenancy():
    return [
        document("Tenant", "tester", {}),
        document("Key", "tester", {"tenant": "tester", "secret": "env:ISOBAR_TEST_KEY"}),
    ]


class Matrix:
    """Doubles of all upstreams, one gateway over them, one caller per front."""

    def __init__(self, workshop, documents=documents_of):
        self._open = contextlib.ExitStack()
        self.recorders = {name: Recorder() for name in UPSTREAMS}
        self.doubles = {name: self._entered(double_of(name, self.recorders[name])) for name in UPSTREAMS}
        listed = [one for name in UPSTREAMS for one in documents(name, self.doubles[name])]
        self.gateway = workshop.gateway(text([*listed, *tenancy()]), environment=SECRETS)
        self.callers = {name: CALLERS[name](self.gateway, KEY) for name in FRONTS}
        for caller in self.callers.values():
            self._open.callback(caller.close)

    def _entered(self, double):
        return self._open.enter_context(double)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._open.close()

    def cell(self, front, upstream, feature):
        """A cell whose model answers as usual and was asked nothing yet."""
        self.recorders[upstream].__init__()
        self.doubles[upstream].dribbles = False
        self.callers[front].so_far = Heard()
        return Cell(self, front, upstream, feature)


@dataclasses.dataclass
class Cell:
    """One front over one upstream, for one feature."""

    matrix: Matrix
    front: str
    upstream: str
    feature: str

    @property
    def caller(self):
        return self.matrix.callers[self.front]

    @property
    def double(self):
        return self.matrix.doubles[self.upstream]

    @property
    def recorder(self):
        return self.matrix.recorders[self.upstream]

    @property
    def expected(self):
        return expected(self.feature, self.front, self.upstream)

    @property
    def prompt(self):
        """What the model was asked last."""
        return self.recorder.prompts[-1]

    @property
    def body(self):
        """What the provider got last."""
        return self.double.last.json

    def ask(self, question, drops=False):
        return self.caller.ask(self.upstream + (DROP if drops else ""), question)

    def stream(self, question, drops=False):
        return self.caller.stream(self.upstream + (DROP if drops else ""), question)

    @property
    def model_of_failures(self):
        """The model that `documents_of_failures` made for this cell."""
        return failing_model(self.feature, self.front, self.upstream)

    def both(self, question, drops=False):
        """The whole answer, then the streamed one, each while it is the last that was asked for; they must agree."""
        whole = self.ask(question, drops)
        yield whole
        streamed = self.stream(question, drops)
        yield streamed
        assert (whole.text, whole.thinking, whole.finish) == (streamed.text, streamed.thinking, streamed.finish)
        assert _said(whole.calls) == _said(streamed.calls)
        assert whole.usage == streamed.usage

    def hold(self, question, supported, without=lambda heard: None):
        """Asks, and holds the gateway to what the table says of this cell.

        - supported: what is so of an answer where the feature is supported. - without: where it is not there.
        """
        outcome = self.expected
        if isinstance(outcome, Absent) and outcome.side == "caller":
            with pytest.raises(Inexpressible):
                self.ask(question)
            return
        if isinstance(outcome, Refused):
            self._hold_refusal(question, outcome)
            if outcome.by_provider:
                return
        for heard in self.both(question, drops=isinstance(outcome, Refused)):
            assert heard.dropped == (_in_header(outcome.fields) if isinstance(outcome, Refused) else [])
            (supported if isinstance(outcome, Supported) else without)(heard)

    def _hold_refusal(self, question, outcome):
        """Refused by name, in the caller's own form, before anything was sent."""
        sent = len(self.double.requests)
        for ask in (self.ask, self.stream):
            with pytest.raises(self.caller.errors["invalid"]) as error:
                ask(question)
            failure = self.caller.failure(error.value)
            assert failure.status == 400
            assert all(field in failure.message for field in outcome.fields), failure.message
            if self.front in ("chat", "responses") and not outcome.by_provider:
                assert failure.parameter == outcome.fields[0]
        assert outcome.by_provider or len(self.double.requests) == sent


def _in_header(fields):
    """Names as a header may hold them: without spaces."""
    return [field.replace(" ", "") for field in fields]


def _said(calls):
    return [(one.name, one.arguments) for one in calls]


def cells(feature, fixture="cell", fronts=tuple(FRONTS), upstreams=tuple(UPSTREAMS)):
    """Parametrises a test over every pair; the test's `cell`, or `failing`, is that of `feature`."""
    pairs = [pytest.param((front, name, feature), id=f"{front}-{name}") for front in fronts for name in upstreams]
    return pytest.mark.parametrize(fixture, pairs, indirect=True)
