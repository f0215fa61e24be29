#!/usr/bin/env python3
"""Counts which byte follows which in source text, for `crates/scan/src/detector/anchors/pairs.txt`.

    python3 benches/pairs.py FOLDER … > crates/scan/src/detector/anchors/pairs.txt

One line for each first byte, blank to `~` and then one for all others; in it a character for each
second byte in the same order: `!` is certainty, and each further character half a bit less likely.
Each file counts by the root of its length, so that no single table weighs much.
"""

import collections
import math
import sys

from letters import texts

LEAST = 60
PRINTABLE = range(0x20, 0x7F)


def symbol(byte):
    return byte - 0x20 if byte in PRINTABLE else len(PRINTABLE)


def counts(folders):
    """By pair of bytes its share of all text."""
    found = collections.Counter()
    for text in texts(folders):
        of_file = collections.Counter(zip(text, text[1:]))
        weight = 1 / math.sqrt(len(text) + 1)
        for pair, count in of_file.items():
            found[pair] += count * weight
    return found


def main():
    pairs = collections.Counter()
    for (first, second), count in counts(sys.argv[1:]).items():
        pairs[symbol(first), symbol(second)] += count
    total = sum(pairs.values())
    symbols = range(len(PRINTABLE) + 1)
    for first in symbols:
        bits = (-math.log2((pairs[first, second] + 1e-9) / total) for second in symbols)
        print("".join(chr(ord("!") + min(round(2 * bit), LEAST)) for bit in bits))


if __name__ == "__main__":
    main()
