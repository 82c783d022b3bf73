# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The official SDKs as callers of the gateway: one question in the words of each, and what it heard in nobody's.
Those of them that are installed: an environment for one major of the openai client has no other.

    words               what a test asks and hears
    chat, responses     the openai client, on its two APIs
    messages            the anthropic client
    generate_content    the google-genai client

A caller raises `Inexpressible` for what its own API has no member for: such a question never reaches the gateway.
Every other exception is the SDK's own.
"""

import importlib.util

from .chat import ChatCaller
from .responses import ResponsesCaller

_found = [ChatCaller, ResponsesCaller]
if importlib.util.find_spec("anthropic"):
    from .messages import MessagesCaller

    _found.append(MessagesCaller)
if importlib.util.find_spec("google") and importlib.util.find_spec("google.genai"):
    from .generate_content import GenerateContentCaller

    _found.append(GenerateContentCaller)

CALLERS = {one.name: one for one in _found}
