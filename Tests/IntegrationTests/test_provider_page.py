# SPDX-License-Identifier: Apache-2.0
# Isobar
"""The page about providers says what the table of expectations says, which the tests of the matrix hold to."""

from expectations import _RULES, FEATURES, FRONTS, UPSTREAMS, Absent, Dropped, Refused, Supported, Unserved, expected
from provider_page import PAGE, every_cell, matrix, page_with


def test_the_page_shows_the_table():
    assert PAGE.read_text() == page_with(matrix()), "run scripts/provider-matrix"


def test_every_cell_has_an_outcome_and_every_other_than_yes_a_reason():
    for front, upstream, name in every_cell():
        outcome = expected(name, front, upstream)
        assert isinstance(outcome, (Supported, Refused, Unserved, Dropped, Absent))
        assert isinstance(outcome, Supported) and not outcome.why or outcome.why.endswith("."), (front, upstream, name)
        assert not isinstance(outcome, Refused) or outcome.fields[0]


def test_every_rule_decides_some_cell():
    for name, rules in _RULES.items():
        left = {(front, upstream) for front in FRONTS for upstream in UPSTREAMS}
        for fronts, upstreams, _ in rules:
            decided = {(front, upstream) for front, upstream in left if front in fronts and upstream in upstreams}
            assert decided, f"{name}: an earlier rule hides {fronts} over {upstreams}"
            left -= decided


def test_every_feature_has_a_test_of_its_own():
    folder = PAGE.parents[2] / "Tests/IntegrationTests"
    tests = "".join(path.read_text() for path in folder.glob("test_matrix_*.py"))
    assert [name for name in FEATURES if tests.count(f'@cells("{name}")') != 1] == []
