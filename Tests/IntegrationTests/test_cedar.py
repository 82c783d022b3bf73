# SPDX-License-Identifier: Apache-2.0
# Isobar
"""Our answers against those of the official Cedar engine, over everything the example and the shipped laws can ask."""

import json
import subprocess

import cedarpy
import pytest

from configurations import document
from processes import BINARY, REPOSITORY
from residency import SOURCE, clauses, endpoint, moment, restricted, tenant

pytestmark = pytest.mark.sdks
QUESTIONS = 6000


def export(path):
    command = [BINARY, "residency", "export", "cedar", path, "--output", "json", "--questions", str(QUESTIONS), "--seed", "7"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)


@pytest.fixture
def wild(tmp_path):
    """Every kind of condition that a mechanism can have."""
    more = [
        document("JurisdictionUnion", "pact", {"members": ["IN", "SG", "AE"], "validFrom": "2026-01-01", "validTo": "2027-12-31", **SOURCE}),
        document("ResidencyPolicy", "ours", {"appliesTo": {"byName": True}, "constrains": ["keyCustody", "store"], "home": ["pact", "DE"], **SOURCE}),
        clauses("2027-06-30", "dated", to=["pact", "US"]),
        clauses(moment(2_000_000_000), "listed", processors=["p", "q"], retentionMax="2h", optIn=False),
        clauses("open", "narrow", regime="ours", classes=["personal", "public"], purposes=["eval"], facets=["store"], optIn=False),
        clauses("open", "wide", regime="ours", to=["US", "GB"], retentionMax="1h"),
        *tenant("lab", "LAB_KEY", ["DE"], ["personal"], regimes=["ours"], mechanisms=["wide", "dated", "eu-adequacy-gb"], purpose="eval"),
    ]
    path = tmp_path / "isobar.yaml"
    path.write_text(restricted(endpoint("e", 1, "DE"), more=more, bundle={"clockErrorMax": "1500ms"}))
    return path


def differences(exported, change=lambda text: text):
    """Questions that Cedar answers otherwise."""
    found = []
    for regime, policies in exported["policies"].items():
        questions = [question for question in exported["questions"] if question["regime"] == regime]
        requests = [{name: question[name] for name in ("principal", "action", "resource", "context")} for question in questions]
        results = cedarpy.is_authorized_batch(requests, change(policies), exported["entities"])
        for question, result in zip(questions, results, strict=True):
            assert not result.diagnostics.errors, result.diagnostics.errors
            if result.allowed != question["allowed"]:
                found.append(question)
    return found


@pytest.mark.parametrize("which", ["example", "wild"])
def test_cedar_agrees_on_every_question_and_reports_no_error(which, wild):
    exported = export(REPOSITORY / "Examples/residency/isobar.yaml" if which == "example" else wild)
    assert len(exported["questions"]) == QUESTIONS
    assert differences(exported) == []
    allowed = sum(question["allowed"] for question in exported["questions"])
    assert QUESTIONS // 50 < allowed < QUESTIONS * 49 // 50, f"{allowed} of {QUESTIONS} allowed: the draw says little"
    print(f"{which}: {QUESTIONS} questions, {allowed} allowed, {len(exported['policies'])} policy sets, no difference")


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ('[Isobar::Jurisdiction::"IN"].contains', '[Isobar::Jurisdiction::"DE"].contains'),
        ('[Isobar::Jurisdiction::"DE"].contains', '[Isobar::Jurisdiction::"FR"].contains'),
    ],
)
def test_a_wrong_rule_would_be_noticed(wild, written, instead):
    exported = export(wild)
    assert any(written in text for text in exported["policies"].values())
    assert differences(exported, lambda text: text.replace(written, instead))
