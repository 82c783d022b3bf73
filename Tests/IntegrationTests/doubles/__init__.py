# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Doubles of the providers: servers on loopback that speak each provider's wire and refuse what the provider refuses.

    a file per provider      anthropic, bedrock, gemini, azure, openai: hosts, paths, credentials, error bodies, headers
    a file per wire          messages, chat, completions, responses, converse, generate_content, ...: requests judged,
                             answers and streams built
    model, faults, shapes    what is answered, what goes wrong on demand, how a request is judged
    server                   the HTTP server under all of them
    tokens                   the places where credentials come from

The doubles judge Isobar's translators, so a mistake in a double would be a mistake nobody sees. Each is judged
itself, by the provider's official SDK (test_double_*.py).

The model behind every double is deterministic: it echoes the user's last words and obeys the few orders that
`model.echo` lists.
"""
