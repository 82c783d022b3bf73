# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What the guides show is what a reader sees."""

import functools
import tempfile

import pytest

import guides

PAGES = ["audit", "budgets", "identity", "trust"]


def page(name):
    return f"docs/guides/{name}.md"


@functools.cache
def transcript(name):
    if not guides.BINARY.exists():
        pytest.exit(f"{guides.BINARY} is not built; scripts/test integration builds it", returncode=2)
    with tempfile.TemporaryDirectory() as directory:
        return guides.run(page(name), directory)


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name in PAGES for number in range(len(guides.steps(page(name))))]
)
def test_a_block_shows_what_the_page_says(name, number):
    blocks = transcript(name)
    assert number < len(blocks), "the shell ended before this block"
    commands, expected, output = blocks[number]
    if expected is not None:
        assert guides.matches(expected, output), f"{commands}\nshows\n{output}\nnot\n{expected}"


def test_a_wrong_line_would_be_noticed():
    assert guides.matches("a …\n…\nd\n", "a b\nc\nd\n") and not guides.matches("a\n", "a\nb\n")
    assert not guides.matches("a …\nd\n", "a b\nc\nd\n")
