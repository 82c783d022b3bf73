# SPDX-License-Identifier: Apache-2.0
# Isobar
"""A second reader of transparency logs, written from C2SP's tlog-tiles, signed-note and tlog-proof alone: what it
accepts, anybody can check without Isobar."""

import base64
import collections
import hashlib
import json
import pathlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Checkpoint = collections.namedtuple("Checkpoint", "origin size root")


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root(hashes):
    """RFC 6962 §2.1, over leaf hashes."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node(root(hashes[:split]), root(hashes[split:]))


def verifier_key(text):
    """name, id, type and public key of `name+id+base64`."""
    name, identifier, encoded = text.split("+", 2)
    blob = base64.b64decode(encoded)
    assert hashlib.sha256(name.encode() + b"\n" + blob).hexdigest()[:8] == identifier
    return name, bytes.fromhex(identifier), blob[0], Ed25519PublicKey.from_public_bytes(blob[1:])


def open_note(note, *keys):
    """The text of a note and who of `keys` signed it; raises where one of them signed something else."""
    text, _, lines = note.rpartition(b"\n\n")
    text += b"\n"
    signers = []
    for line in lines.decode().splitlines():
        dash, name, encoded = line.split(" ")
        assert dash == "\u2014"
        blob = base64.b64decode(encoded)
        for key in keys:
            own_name, identifier, kind, public = verifier_key(key)
            if (own_name, identifier) != (name, blob[:4]):
                continue
            if kind == 1:
                public.verify(blob[4:], text)
            else:
                time = int.from_bytes(blob[4:12], "big")
                public.verify(blob[12:], f"cosignature/v1\ntime {time}\n".encode() + text)
            signers.append(name)
    return text, signers


def checkpoint(note, key):
    text, signers = open_note(note, key)
    assert signers, "the log has not signed its checkpoint"
    origin, size, encoded = text.decode().splitlines()[:3]
    assert origin == verifier_key(key)[0]
    return Checkpoint(origin, int(size), base64.b64decode(encoded))


def tile_path(level, index, width):
    groups = []
    while True:
        groups.insert(0, f"{index % 1000:03}")
        index //= 1000
        if not index:
            break
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{path}" + (f".p/{width}" if width < 256 else "")


class Log:
    """A log's folder, read and verified whole."""

    def __init__(self, folder, key):
        self.folder = pathlib.Path(folder)
        # A log that is written meanwhile may take a partial tile away: then a newer checkpoint is there.
        for last in (False, False, True):
            try:
                self.checkpoint = checkpoint((self.folder / "checkpoint").read_bytes(), key)
                self.raw = self._read()
                break
            except FileNotFoundError:
                if last:
                    raise
        assert root([leaf(entry) for entry in self.raw]) == self.checkpoint.root, "the entries are not those that were signed"
        self.entries = [json.loads(entry) for entry in self.raw]

    def _read(self):
        entries = []
        for index in range(0, -(-self.checkpoint.size // 256)):
            width = min(256, self.checkpoint.size - index * 256)
            bundle = (self.folder / tile_path("entries", index, width)).read_bytes()
            hashes = (self.folder / tile_path(0, index, width)).read_bytes()
            found, at = [], 0
            while at < len(bundle):
                length = int.from_bytes(bundle[at : at + 2], "big")
                found.append(bundle[at + 2 : at + 2 + length])
                at += 2 + length
            assert len(found) == width and b"".join(leaf(entry) for entry in found) == hashes
            entries += found
        return entries

    def of(self, request):
        """(phase, outcome, is last word) of each entry of a request, by its id."""
        return [
            (ours(entry)["phase"], ours(entry).get("outcome"), ours(entry).get("final", False))
            for entry in self.entries
            if entry["metadata"].get("correlation_uid") == request
        ]

    def requests(self):
        """Every request id with its entries."""
        found = collections.defaultdict(list)
        for entry in self.entries:
            if "correlation_uid" in entry["metadata"]:
                found[entry["metadata"]["correlation_uid"]].append(entry)
        return found


def ours(entry):
    return entry["unmapped"]["isobar"]


def check_proof(entry, proof, key):
    """A tlog-proof file shows that `entry` is in the log of `key`."""
    head, _, note = proof.partition(b"\n\n")
    lines = head.decode().splitlines()
    assert lines.pop(0) == "c2sp.org/tlog-proof@v1"
    if lines[0].startswith("extra "):
        lines.pop(0)
    index = int(lines.pop(0).removeprefix("index "))
    tree = checkpoint(note, key)
    assert index < tree.size
    # RFC 9162 §2.1.3.2
    first, last, result = index, tree.size - 1, leaf(entry)
    for sibling in (base64.b64decode(line) for line in lines):
        assert last != 0
        if first & 1 or first == last:
            result = node(sibling, result)
            while not first & 1 and first != 0:
                first, last = first >> 1, last >> 1
        else:
            result = node(result, sibling)
        first, last = first >> 1, last >> 1
    assert last == 0 and result == tree.root, "the entry is not in the tree"
    return index
