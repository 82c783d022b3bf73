# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Doubles of the providers: servers on loopback that speak each provider's wire and refuse what the provider refuses.

    a file per provider      anthropic, bedrock, gemini, azure, openai: hosts, paths, credentials, error bodies, headers
    two files per wire       messages, chat, responses, converse, generate_content: what is asked, and answers and
                             streams built; each with its `_rules`, which judge requests
    small wires              completions, media, eventstream
    model, faults, shapes    what is answered, what goes wrong on demand, how a request is judged
    server                   the HTTP server under all of them
    *_tokens, signatures     the places where credentials come from, and how signed requests are judged

The doubles judge Isobar's translators, so a mistake in a double would be a mistake nobody sees. Each is judged
itself, by the provider's official SDK (test_double_*.py).

The model behind every double is deterministic: it echoes the user's last words and obeys the few orders that
`model.echo` lists.
"""
