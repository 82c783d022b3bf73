# SPDX-License-Identifier: Apache-2.0
# Isobar
"""What the guide on identity shows is what a reader sees."""

import pytest

import guides

PAGE = "docs/guides/identity.md"
PORTS = [18480, 18481, 18490]


@pytest.fixture(scope="module")
def transcript(tmp_path_factory):
    if not guides.BINARY.exists():
        pytest.exit(f"{guides.BINARY} is not built; scripts/test integration builds it", returncode=2)
    return guides.run(PAGE, tmp_path_factory.mktemp("guide"), PORTS)


@pytest.mark.parametrize("number", range(len(guides.steps(PAGE))))
def test_a_block_shows_what_the_page_says(transcript, number):
    assert number < len(transcript), "the shell ended before this block"
    commands, expected, output = transcript[number]
    if expected is not None:
        assert guides.matches(expected, output), f"{commands}\nshows\n{output}\nnot\n{expected}"
