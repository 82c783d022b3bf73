# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The official SDKs as callers of the gateway: one question in the words of each, and what it heard in nobody's.

    words               what a test asks and hears
    chat, responses     the openai client, on its two APIs
    messages            the anthropic client
    generate_content    the google-genai client

A caller raises `Inexpressible` for what its own API has no member for: such a question never reaches the gateway.
Every other exception is the SDK's own.
"""

from .chat import ChatCaller
from .generate_content import GenerateContentCaller
from .messages import MessagesCaller
from .responses import ResponsesCaller

CALLERS = {one.name: one for one in (ChatCaller, ResponsesCaller, MessagesCaller, GenerateContentCaller)}
