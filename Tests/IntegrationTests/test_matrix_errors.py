# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What goes wrong at a provider, over every pair: the caller gets its own SDK's exception, and never an ending that
nobody made."""

import pytest

from callers.words import Question
from doubles.faults import Cut, ErrorInStream, Hint, Refuse
from matrix import cells as all_cells

pytestmark = pytest.mark.sdks

QUESTION = Question(["one two three"])


def cells(feature):
    return all_cells(feature, fixture="failing")


def failure(failing, kind):
    """Asks once, and gets the exception that the caller's SDK has for this."""
    with pytest.raises(failing.caller.errors[kind]) as error:
        failing.caller.ask(failing.model_of_failures, QUESTION)
    return failing.caller.failure(error.value)


@cells("error-invalid")
def test_a_bad_request_is_told_in_the_provider_s_words(failing):
    failing.double.faults.add(Refuse("invalid", "Seven is not a colour."))
    told = failure(failing, "invalid")
    assert told.status == 400
    assert "Seven is not a colour." in told.message


@cells("error-context")
def test_a_prompt_that_is_too_long_is_told(failing):
    failing.double.faults.add(Refuse("context"))
    told = failure(failing, "context")
    assert told.status == 400
    assert "too long" in told.message or "maximum context" in told.message
    if failing.front in ("chat", "responses"):
        assert told.code == "context_length_exceeded"


@cells("error-rate")
def test_a_rate_limit_says_when_to_come_back(failing):
    failing.double.faults.add(Refuse("rate", hint=Hint("seconds", 7)))
    told = failure(failing, "rate")
    assert told.status == 429
    assert told.retry_after in ("7", "8")


@cells("error-exhausted")
def test_a_used_up_quota_is_told(failing):
    failing.double.faults.add(Refuse("exhausted"))
    assert failure(failing, "exhausted").status == 429


@cells("error-overloaded")
def test_an_overloaded_provider_is_told_from_a_limit(failing):
    failing.double.faults.add(Refuse("overloaded"))
    assert failure(failing, "overloaded").status in (503, 529)


@cells("error-credential")
def test_a_refused_credential_is_no_business_of_the_caller_s(failing):
    failing.double.faults.add(Refuse("unauthenticated"))
    assert failure(failing, "credential").status == 502


@cells("error-early")
def test_an_error_before_content_is_served_by_another_endpoint(failing):
    failing.double.faults.add(ErrorInStream("overloaded", after=0))
    heard = failing.caller.stream(failing.model_of_failures, QUESTION)
    assert (heard.text, heard.finish) == ("one two three", "stop")
    assert len(failing.recorder.prompts) == 2


@cells("error-late")
def test_an_error_after_content_is_raised_and_nothing_is_made_up(failing):
    failing.double.faults.add(ErrorInStream("overloaded", after=2))
    expect_broken(failing)


@cells("error-cut")
@pytest.mark.parametrize("how", ["close", "reset", "end"])
def test_a_stream_that_is_cut_off_is_raised_and_nothing_is_made_up(failing, how):
    failing.double.faults.add(Cut(after=2, how=how))
    expect_broken(failing)


def expect_broken(failing):
    with pytest.raises(failing.caller.stream_errors):
        failing.caller.stream(failing.model_of_failures, QUESTION)
    so_far = failing.caller.so_far
    # A reset may overtake what was sent before it.
    assert "one two three".startswith("".join(so_far.deltas))
    assert len(so_far.deltas) < 3
    assert so_far.finish is None
