"""Damage done to files at random: bytes flipped, cut and put in, lines doubled, swapped and lost."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

#: How many damaged files a test tries; more through the environment.
CASES = int(os.environ.get("REPORTING_MUTATIONS", "200"))
_PIECES = (b'"', b",", b"\n", b"\r", b'""', b"\r\n", b" ", b"\t", b";", b"\xef\xbb\xbf", b"\0", b"\xff", b":", b"e",
           b".", b"\n\n", b",,,,,,,,,\n", "é".encode(), b"\x1c", b"\xc2\x85", b"<", b"/>", b"&#0;", b"&x;")  # fmt: skip
_CELLS = (b"", b"BE", b"2024", b"x", b'"a""b"', b'"q,r"', b"1.", b"D", b"C", b"nan", b"1.e5", b": c", b"-.5")


def damaged(wholes: list[bytes], seed: int, cases: int = CASES) -> Iterator[bytes]:
    """Files made from whole ones by a few blows each."""
    chance = random.Random(seed)
    for _ in range(cases):
        content = chance.choice(wholes)
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            content = _blow(content, chance)
        yield content


def _blow(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    lines = content.splitlines(keepends=True) or [b""]
    one, other = (chance.randrange(len(lines)) for _ in range(2))
    kind = chance.randrange(8)
    if kind == 0:
        return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]
    if kind == 1:
        return content[:at]
    if kind == 2:
        return content[:at] + chance.choice(_PIECES) + content[at:]
    if kind == 3:
        return content[:at] + content[at + chance.randrange(1, 8) :]
    if kind == 4:
        lines[one], lines[other] = lines[other], lines[one]
    elif kind == 5:
        lines.insert(one, lines[other])
    elif kind == 6:
        del lines[one]
    else:
        cells = lines[one].split(b",")
        cells[chance.randrange(len(cells))] = chance.choice(_CELLS)
        lines[one] = b",".join(cells)
    return b"".join(lines)
