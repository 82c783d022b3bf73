# SPDX-License-Identifier: Apache-2.0
# Isobar
"""OpenAI's older wires: completions of text, and embeddings."""

import base64
import struct

from . import chat, shapes
from .model import Prompt, pieces, vector
from .shapes import either, integer, list_of, map_of, number, one_of, record, text

_tokens = list_of(integer(min=0), min=1)
INPUT = either(list_of(text(min=1), min=1, max=2048), _tokens, list_of(_tokens, min=1, max=2048), text(min=1))

COMPLETION = record(
    {"model": text(min=1), "prompt": INPUT},
    {
        "best_of": integer(0, 20),
        "echo": shapes.boolean,
        "frequency_penalty": number(-2, 2),
        "logit_bias": map_of(integer(-100, 100)),
        "logprobs": integer(0, 5),
        "max_tokens": integer(min=0),
        "n": integer(1, 128),
        "presence_penalty": number(-2, 2),
        "seed": integer(),
        "stop": either(list_of(text(min=1), min=1, max=4), text(min=1)),
        "stream": shapes.boolean,
        "stream_options": record(optional={"include_usage": shapes.boolean, "include_obfuscation": shapes.boolean}),
        "suffix": text(),
        "temperature": number(0, 2),
        "top_p": number(0, 1),
        "user": text(),
    },
    nulls=True,
)
EMBEDDING = record(
    {"model": text(min=1), "input": INPUT},
    {
        "dimensions": integer(min=1),
        "encoding_format": one_of("float", "base64"),
        "user": text(),
    },
)
DIMENSIONS = 64
TOKENS_MAX = 16


def texts_of(given):
    """Each input as text: lists of token numbers are their numbers."""
    if isinstance(given, str):
        return [given]
    if all(isinstance(one, int) for one in given):
        return [" ".join(map(str, given))]
    return [one if isinstance(one, str) else " ".join(map(str, one)) for one in given]


def prompts_of(body):
    stops = [body["stop"]] if isinstance(body.get("stop"), str) else body.get("stop") or []
    for words in texts_of(body["prompt"]):
        limit = body.get("max_tokens")
        yield Prompt(
            text=words,
            tokens=len(pieces(words)),
            stops=stops,
            tokens_max=TOKENS_MAX if limit is None else limit,
        )


def whole(replies, body, number):
    """- replies: one for each prompt."""
    choices = [
        {"index": index, "text": reply.text, "logprobs": None, "finish_reason": chat.finish_of(reply)}
        for index, reply in enumerate(_each_choice(replies, body))
    ]
    return {**_envelope(body, number), "choices": choices, "usage": _usage(replies)}


def chunks(replies, body, number):
    """- Returns: chunks, and whether they carry content."""
    include = (body.get("stream_options") or {}).get("include_usage")
    envelope = {**_envelope(body, number), **({"usage": None} if include else {})}
    for index, reply in enumerate(_each_choice(replies, body)):
        for word in pieces(reply.text):
            choice = {"index": index, "text": word, "logprobs": None, "finish_reason": None}
            yield {**envelope, "choices": [choice]}, True
        choice = {"index": index, "text": "", "logprobs": None, "finish_reason": chat.finish_of(reply)}
        yield {**envelope, "choices": [choice]}, False
    if include:
        yield {**envelope, "choices": [], "usage": _usage(replies)}, False


def embeddings(body):
    texts = texts_of(body["input"])
    vectors = [vector(one, body.get("dimensions") or DIMENSIONS) for one in texts]
    tokens = sum(max(1, len(pieces(one))) for one in texts)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _encoded(one, body.get("encoding_format"))}
            for index, one in enumerate(vectors)
        ],
        "model": body["model"],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _encoded(values, encoding):
    """Floats, or the same as little-endian 32-bit ones in base64."""
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode() if encoding == "base64" else values


def _each_choice(replies, body):
    return [reply for reply in replies for _ in range(body.get("n") or 1)]


def _envelope(body, number):
    return {"id": f"cmpl-{number:06}", "object": "text_completion", "created": chat.CREATED, "model": body["model"]}


def _usage(replies):
    asked, said = sum(one.usage.all_input for one in replies), sum(one.usage.output for one in replies)
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
