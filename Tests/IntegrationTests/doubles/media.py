# SPDX-License-Identifier: Apache-2.0
# Isobar
"""OpenAI's wires of sound and pictures, and the reranking that compatible servers have: forms read, echoes made."""

import base64
import email
import hashlib
import re

from . import chat, shapes
from .faults import Refusal
from .model import pieces
from .server import Piece
from .shapes import integer, list_of, number, one_of, record, text

SPEECH = record(
    {
        "model": text(min=1),
        "input": text(min=1, max=4096),
        "voice": shapes.either(text(min=1), record({"id": text(min=1)})),
    },
    {
        "instructions": text(),
        "response_format": one_of("mp3", "opus", "aac", "flac", "wav", "pcm"),
        "speed": number(0.25, 4),
        "stream_format": one_of("sse", "audio"),
    },
)
IMAGE = record(
    {"prompt": text(min=1, max=32_000)},
    {
        "model": text(min=1),
        "background": one_of("transparent", "opaque", "auto"),
        "moderation": one_of("low", "auto"),
        "n": integer(1, 10),
        "output_compression": integer(0, 100),
        "output_format": one_of("png", "jpeg", "webp"),
        "partial_images": integer(0, 3),
        "quality": one_of("standard", "hd", "low", "medium", "high", "auto"),
        "response_format": one_of("url", "b64_json"),
        "size": text(min=1),
        "stream": shapes.boolean,
        "style": one_of("vivid", "natural"),
        "user": text(),
    },
    nulls=True,
)
RERANK = record(
    {
        "model": text(min=1),
        "query": text(min=1),
        "documents": list_of(shapes.either(text(min=1), shapes.json_object), min=1),
    },
    {"top_n": integer(min=1), "return_documents": shapes.boolean, "max_tokens_per_doc": integer(min=1)},
)
# Of whom each way to count is: Cohere bills searches, Jina and vLLM count tokens.
RANK_COUNTS = {
    "cohere": lambda tokens: {"meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}},
    "jina": lambda tokens: {"object": "list", "usage": {"total_tokens": tokens}},
    "vllm": lambda tokens: {"usage": {"prompt_tokens": tokens, "total_tokens": tokens}},
}
TRANSCRIPTION_FIELDS = {
    "chunking_strategy",
    "include",
    "language",
    "model",
    "prompt",
    "response_format",
    "stream",
    "temperature",
    "timestamp_granularities",
}
TRANSLATION_FIELDS = {"model", "prompt", "response_format", "temperature"}
EDIT_FIELDS = {"model", "prompt", "n", "size", "quality", "background", "output_format", "response_format", "user"}
FORMATS = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")


def form_of(request, fields, files):
    """The fields of a multipart form: text by name, and files as (name, bytes).

    - fields: names allowed beside the files. - files: names of files that must be there.
    """
    kind = request.header("content-type") or ""
    if not kind.startswith("multipart/form-data"):
        raise Refusal(
            "invalid", f"Unsupported content type: '{kind}'. This API method only accepts multipart/form-data."
        )
    message = email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body)
    texts, found = {}, {}
    for part in message.get_payload() if message.is_multipart() else []:
        name, filename = (part.get_param(one, header="content-disposition") for one in ("name", "filename"))
        name = name.removesuffix("[]")
        if filename:
            found[name] = (filename, part.get_payload(decode=True))
        elif name not in fields:
            raise Refusal("invalid", f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
        else:
            texts[name] = part.get_payload(decode=True).decode()
    for name in files:
        if not found.get(name, ("", b""))[1]:
            raise Refusal("invalid", f"Missing required parameter: '{name}'.", param=name)
    if not texts.get("model"):
        raise Refusal("invalid", "you must provide a model parameter", param="model")
    return texts, found


def spoken_words(file):
    """What the double hears: the file's bytes where they are text, else what they are."""
    name, data = file
    return data.decode() if data.isascii() else f"{len(data)} bytes of {name}"


def listening(words, by_tokens):
    """What OpenAI counts: whisper's seconds, one a word here, or the tokens of newer models."""
    said = len(pieces(words))
    if not by_tokens:
        return {"type": "duration", "seconds": said}
    details = {"text_tokens": 0, "audio_tokens": 10 * said}
    return {
        "type": "tokens",
        "input_tokens": 10 * said,
        "input_token_details": details,
        "output_tokens": said,
        "total_tokens": 11 * said,
    }


def transcript(words, wanted, by_tokens):
    """- Returns: body and content type in the format wanted."""
    stamp = "00:00:00{0}000 --> 00:00:01{0}000"
    if wanted == "text":
        return f"{words}\n".encode(), "text/plain"
    if wanted == "srt":
        return f"1\n{stamp.format(',')}\n{words}\n".encode(), "text/plain"
    if wanted == "vtt":
        return f"WEBVTT\n\n{stamp.format('.')}\n{words}\n".encode(), "text/plain"
    if wanted == "verbose_json":
        return {
            "task": "transcribe",
            "language": "english",
            "duration": 1.0,
            "text": words,
            "usage": listening(words, by_tokens=False),
        }, "application/json"
    return {"text": words, "usage": listening(words, by_tokens)}, "application/json"


def transcript_events(words):
    for word in pieces(words):
        yield Piece(chat.event({"type": "transcript.text.delta", "delta": word}), True)
    done = {"type": "transcript.text.done", "text": words, "usage": listening(words, by_tokens=True)}
    yield Piece(chat.event(done), False)
    yield Piece(b"data: [DONE]\n\n", False)


NOISE = re.compile(r"noise (\d+)")


def sound(words):
    """What is spoken, in the pieces it is made in: a word each; `noise N` is N bytes that are the same every time."""
    match = NOISE.fullmatch(words)
    if not match:
        return [word.encode() for word in pieces(words)]
    return noise(int(match[1]))


def noise(size, piece=65_536):
    """Bytes without any pattern, all values among them."""
    blocks, left = [], size
    while left > 0:
        block = hashlib.shake_256(f"{size} {left}".encode()).digest(min(piece, left))
        blocks.append(block)
        left -= len(block)
    return blocks


def speech_events(words):
    for word in pieces(words):
        audio = base64.b64encode(word.encode()).decode()
        yield Piece(chat.event({"type": "speech.audio.delta", "audio": audio}), True)
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    yield Piece(chat.event({"type": "speech.audio.done", "usage": usage}), False)


def images(prompt, count, wanted):
    """Pictures whose bytes are their prompts."""
    data = base64.b64encode(prompt.encode()).decode()
    one = {"url": "https://images.example/one.png"} if wanted == "url" else {"b64_json": data}
    details = {"text_tokens": len(pieces(prompt)), "image_tokens": 0}
    usage = {"input_tokens": details["text_tokens"], "input_tokens_details": details, "output_tokens": 100 * count}
    usage["total_tokens"] = usage["input_tokens"] + usage["output_tokens"]
    return {"created": chat.CREATED, "data": [one] * count, "usage": usage}


def image_events(prompt, partial):
    """One picture, first in `partial` unfinished states."""
    data = base64.b64encode(prompt.encode()).decode()
    common = {"b64_json": data, "created_at": chat.CREATED, "size": "1024x1024", "quality": "high"}
    common |= {"background": "opaque", "output_format": "png"}
    for index in range(partial):
        unfinished = {"type": "image_generation.partial_image", "partial_image_index": index, **common}
        yield Piece(chat.event(unfinished), True)
    usage = images(prompt, 1, None)["usage"]
    yield Piece(chat.event({"type": "image_generation.completed", "usage": usage, **common}), True)


def ranking(body, number, counts="vllm"):
    """Documents by how many words they share with the query, the earlier one first among equals."""
    words = set(body["query"].lower().split())
    texts = [one if isinstance(one, str) else one.get("text", "") for one in body["documents"]]
    scores = [len(words & set(one.lower().split())) / max(1, len(words)) for one in texts]
    order = sorted(range(len(texts)), key=lambda index: (-scores[index], index))[: body.get("top_n")]
    results = [{"index": index, "relevance_score": scores[index]} for index in order]
    for result in results if body.get("return_documents") else []:
        result["document"] = {"text": texts[result["index"]]}
    tokens = sum(len(pieces(one)) for one in [body["query"], *texts])
    names = {} if counts == "cohere" else {"model": body["model"]}
    return {"id": f"rerank-{number:06}", **names, "results": results, **RANK_COUNTS[counts](tokens)}
