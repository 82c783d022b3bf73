# SPDX-License-Identifier: Apache-2.0
# Isobar
"""OpenAI's API, and what Azure shares with it."""

from . import chat, chat_rules, completions, media, responses, responses_rules
from .faults import Refusal
from .model import pieces
from .server import Double, Piece, Stream, Whole

IDENTITY = "(?P<identity>[^/]+)"


class OpenAIWires(Double):
    """The endpoints behind a prefix that hosts choose. `model` of each: the name the host took from elsewhere than the
    body; None for the body's.

    - extensions: members of a chat body taken beyond OpenAI's own, as compatible servers do.
    - rank_counts: who counts a ranking, one of `media.RANK_COUNTS`.
    - reasoning: the member of a chat message that tells thoughts; None for none, as at OpenAI.
    """

    extensions = ()
    reasoning = None
    # Whose way of counting a ranking is.
    rank_counts = "vllm"

    def __init__(self, **options):
        super().__init__(**options)
        self.memory = responses_rules.Memory(f"{type(self).__name__}-{self.port}")

    # Hooks

    def choice_extra(self, request):
        """Members added to each choice."""
        return {}

    def first_chunks(self, request, body):
        """Chunks before the model's own."""
        return []

    def _body(self, request, model):
        """The body of a request that this caller may make, its model the one that will answer."""
        self.authenticate(request)
        body = request.json
        if model is not None:
            body = {**body, "model": model}
        return body

    # Text

    def chat(self, request, model=None):
        body = self._body(request, model)
        chat_rules.judge(body, self.extensions)
        self.know(body["model"])
        reply, number = self.ask(chat.prompt_of(body)), self.number()
        extra = self.choice_extra(request)
        if not body.get("stream"):
            return Whole(chat.whole(reply, body, number, extra, self.reasoning))
        chunks = chat.chunks(reply, body, number, extra, self.reasoning)
        first = [(chunk, False) for chunk in self.first_chunks(request, body)]
        return Stream(chat.sse([*first, *chunks]), chat.fail)

    def complete(self, request, model=None):
        body = self._body(request, model)
        completions.COMPLETION(body, ())
        self.know(body["model"])
        replies = [self.ask(prompt) for prompt in completions.prompts_of(body)]
        if not body.get("stream"):
            return Whole(completions.whole(replies, body, self.number()))
        return Stream(chat.sse(completions.chunks(replies, body, self.number())), chat.fail)

    def embed(self, request, model=None):
        body = self._body(request, model)
        completions.EMBEDDING(body, ())
        self.know(body["model"])
        return Whole(completions.embeddings(body))

    # Responses

    def respond(self, request):
        body = self._body(request, None)
        items = responses_rules.judge(body, self.memory)
        self.know(body["model"])
        reply = self.ask(responses.prompt_of(body, items))
        answer = responses.Answer(reply, body, self.memory, self.number())
        final = answer.whole()
        if body.get("store") is not False:
            self.memory.keep(final, items)
        if body.get("stream"):
            return Stream(answer.stream(), answer.fail)
        return Whole(answer.whole("queued") if body.get("background") else final)

    def count_response(self, request):
        body = self._body(request, None)
        items = responses_rules.judge(body, self.memory, responses_rules.COUNT)
        self.know(body["model"])
        prompt = responses.prompt_of(body, items)
        tokens = prompt.tokens + len(pieces(body.get("instructions") or ""))
        return Whole({"object": "response.input_tokens", "input_tokens": tokens})

    def read_response(self, request, identity):
        self.authenticate(request)
        return Whole(self.memory.find(identity))

    def delete_response(self, request, identity):
        self.authenticate(request)
        self.memory.forget(identity)
        return Whole({"id": identity, "object": "response", "deleted": True})

    # Sound and pictures

    def transcribe(self, request, model=None):
        return self._listen(request, media.TRANSCRIPTION_FIELDS, model)

    def translate(self, request, model=None):
        return self._listen(request, media.TRANSLATION_FIELDS, model)

    def _listen(self, request, fields, model):
        self.authenticate(request)
        texts, files = media.form_of(request, fields, ["file"])
        heard_by = model or texts["model"]
        self.know(heard_by)
        wanted = texts.get("response_format", "json")
        if wanted not in media.FORMATS:
            raise Refusal("invalid", f"Invalid value for 'response_format': '{wanted}'.", param="response_format")
        words = media.spoken_words(files["file"])
        if texts.get("stream", "false").lower() == "true":
            return Stream(media.transcript_events(words), chat.fail)
        body, kind = media.transcript(words, wanted, by_tokens="transcribe" in heard_by)
        return Whole(body, content_type=kind)

    def speak(self, request, model=None):
        body = self._body(request, model)
        media.SPEECH(body, ())
        self.know(body["model"])
        if body.get("stream_format") == "sse":
            return Stream(media.speech_events(body["input"]), chat.fail)
        kind = body.get("response_format", "mp3")
        kind = {"mp3": "audio/mpeg"}.get(kind, f"audio/{kind}")
        return Stream((Piece(one, True) for one in media.sound(body["input"])), chat.fail, content_type=kind)

    def draw(self, request, model=None):
        body = self._body(request, model)
        media.IMAGE(body, ())
        if body.get("stream"):
            return Stream(media.image_events(body["prompt"], body.get("partial_images") or 0), chat.fail)
        return Whole(media.images(body["prompt"], body.get("n") or 1, body.get("response_format")))

    def edit(self, request, model=None):
        self.authenticate(request)
        texts, files = media.form_of(request, media.EDIT_FIELDS, ["image"])
        return Whole(media.images(texts["prompt"], int(texts.get("n", 1)), texts.get("response_format")))

    # The rest

    def rerank(self, request):
        body = self._body(request, None)
        media.RERANK(body, ())
        return Whole(media.ranking(body, self.number(), self.rank_counts))

    def list_models(self, request):
        self.authenticate(request)
        return Whole({"object": "list", "data": [self._model(name) for name in sorted(self.models or {"gpt-double"})]})

    def read_model(self, request, identity):
        self.authenticate(request)
        self.know(identity)
        return Whole(self._model(identity))

    def _model(self, name):
        return {"id": name, "object": "model", "created": chat.CREATED, "owned_by": "double"}

    # Double

    def wording(self, wrong, request):
        return chat.wording(wrong)


class OpenAI(OpenAIWires):
    """`api.openai.com`."""

    routes = [
        ("POST", "/v1/chat/completions", "chat"),
        ("POST", "/v1/completions", "complete"),
        ("POST", "/v1/embeddings", "embed"),
        ("POST", "/v1/responses", "respond"),
        ("POST", "/v1/responses/input_tokens", "count_response"),
        ("GET", f"/v1/responses/{IDENTITY}", "read_response"),
        ("DELETE", f"/v1/responses/{IDENTITY}", "delete_response"),
        ("POST", "/v1/audio/transcriptions", "transcribe"),
        ("POST", "/v1/audio/translations", "translate"),
        ("POST", "/v1/audio/speech", "speak"),
        ("POST", "/v1/images/generations", "draw"),
        ("POST", "/v1/images/edits", "edit"),
        ("POST", "/v1/rerank", "rerank"),
        ("GET", "/v1/models", "list_models"),
        ("GET", f"/v1/models/{IDENTITY}", "read_model"),
    ]

    def authenticate(self, request):
        if request.credential is None:
            raise Refusal("unauthenticated", "You didn't provide an API key.", code="invalid_api_key")
        if request.credential not in self.keys:
            raise Refusal("unauthenticated", "Incorrect API key provided.", code="invalid_api_key")

    def refused(self, refusal, request):
        status, body = chat.error_body(refusal)
        headers = {}
        if refusal.kind == "rate":
            seconds = refusal.hint.seconds if refusal.hint and refusal.hint.form == "reset" else 60
            headers = {"x-ratelimit-remaining-tokens": 0, "x-ratelimit-reset-tokens": duration(seconds)}
        return Whole(body, status, headers)

    def headers(self, request):
        return {
            "x-request-id": f"req_{self.number():06}",
            "openai-organization": "double",
            "openai-processing-ms": "7",
            "openai-version": "2020-10-01",
            "x-ratelimit-limit-requests": "500",
            "x-ratelimit-remaining-requests": "499",
            "x-ratelimit-reset-requests": "120ms",
            "x-ratelimit-limit-tokens": "30000",
            "x-ratelimit-remaining-tokens": "29990",
            "x-ratelimit-reset-tokens": "20ms",
        }


def duration(seconds):
    """A time as Go writes it: `7.66s`, `6m0s`, `1h2m3s`."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{rest:g}s"
