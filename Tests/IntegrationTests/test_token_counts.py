# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Counted beforehand and charged afterwards: the same number, by servers that really tokenize. llama.cpp with its small
real model where that is installed, and the reference model server, which counts as vLLM does."""

import openai
import pytest

from callers import CALLERS
from callers.words import Question
from configurations import PUBLIC_MODEL, Endpoint, configuration
from processes import KEY

pytestmark = pytest.mark.sdks

QUESTIONS = [
    Question(["Name three rivers of India."], tokens_max=16),
    Question(["Name three rivers of भारत, and nothing else."], system="Answer in one line.", tokens_max=16),
]


def charged(base_url, key, model, question):
    with openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=60) as client:
        messages = [{"role": "system", "content": question.system}] if question.system else []
        messages.append({"role": "user", "content": question.turns[0]})
        answer = client.chat.completions.create(model=model, messages=messages, max_tokens=4)
        return answer.usage.prompt_tokens


class Stack:
    """Where a caller finds the gateway that `isobar up` started."""

    def __init__(self, up):
        self.base_url = up["address"]


@pytest.mark.parametrize("question", QUESTIONS, ids=["plain", "system"])
@pytest.mark.parametrize("front", ["messages", "generateContent", "responses"])
def test_what_is_counted_is_what_is_charged(up, front, question):
    caller = CALLERS[front](Stack(up), up["key"])
    assert caller.count(up["model"], question) == charged(up["address"], up["key"], up["model"], question) > 5
    caller.close()


@pytest.mark.parametrize("question", QUESTIONS, ids=["plain", "system"])
@pytest.mark.parametrize("front", ["messages", "generateContent", "responses"])
def test_vllm_s_counter_counts_what_is_charged(workshop, front, question):
    server = workshop.model_server()
    gateway = workshop.gateway(configuration(Endpoint("only", server.port)))
    caller = CALLERS[front](gateway, KEY)
    assert caller.count(PUBLIC_MODEL, question) == charged(gateway.base_url, KEY, PUBLIC_MODEL, question) > 5
    caller.close()
