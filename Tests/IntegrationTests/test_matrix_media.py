# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Images and documents over every pair."""

import pytest

from callers.words import Medium, Question, User
from judging import PIXEL_PNG
from matrix import cells

pytestmark = pytest.mark.sdks

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
URL = "https://example.com/cat.png"


def sizes(cell):
    return [one.rsplit(", ", 1)[-1] for one in cell.prompt.media]


@cells("image")
def test_an_image_arrives(cell):
    images = [Medium("image/png", PIXEL_PNG), Medium("image/png", PIXEL_PNG + b"more")]

    def arrives(heard):
        assert sizes(cell) == [f"{len(one.data)} bytes" for one in images]
        assert all("png" in one for one in cell.prompt.media)
        assert cell.prompt.text == "Look."

    cell.hold(Question([User("Look.", images)]), arrives)


@cells("image-url")
def test_the_address_of_an_image_arrives(cell):
    def arrives(heard):
        assert len(cell.prompt.media) == 1 and URL in cell.prompt.media[0]

    def is_left_out(heard):
        assert cell.prompt.media == [] and cell.prompt.text == "Look."

    cell.hold(Question([User("Look.", [Medium("image/png", url=URL)])]), arrives, is_left_out)


@cells("document")
def test_a_document_arrives(cell):
    def arrives(heard):
        assert sizes(cell) == [f"{len(PDF)} bytes"]
        assert "pdf" in cell.prompt.media[0]

    cell.hold(Question([User("Read.", [Medium("application/pdf", PDF)])]), arrives)
