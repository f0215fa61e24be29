#!/usr/bin/env python3
"""Counts which letter follows which two in words of source text, for `rules/judge/letters.txt`.

    python3 benches/letters.py FOLDER … > rules/judge/letters.txt

Words are the lower-case parts of names and of prose (`getUserName` gives get, user, name), each
counted once for every file that holds it, so that no single table of random text weighs much, and
only words that at least five files hold. What it never reads is labelled data: the true values
there are artificial.

One line for each pair of letters (`^` begins a word), then for each letter a to z how many more
bits it says for a word than for chance, in halves of a bit: `A` is -4 bits or less, `I` is none,
`Q` is 4 bits or more.
"""

import collections
import math
import os
import re
import sys

ENDINGS = {".rs", ".c", ".h", ".py", ".md", ".js", ".ts", ".go", ".java", ".rst", ".txt", ".html", ".cpp", ".rb"}
LARGEST = 300_000
FEWEST = 5
PART = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{3,}(?![a-z])")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def texts(folders):
    """The bytes of every source text."""
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(root, name)
                if os.path.splitext(name)[1] in ENDINGS and os.path.getsize(path) <= LARGEST:
                    with open(path, "rb") as file:
                        yield file.read()


def words(folders):
    """How many files hold each word."""
    held = collections.Counter()
    for text in texts(folders):
        held.update({word.lower() for word in PART.findall(text.decode("utf8", "ignore"))})
    return {word: count for word, count in held.items() if count >= FEWEST and len(word) <= 16}


def main():
    follows = collections.defaultdict(collections.Counter)
    pairs = collections.defaultdict(collections.Counter)
    for word, count in words(sys.argv[1:]).items():
        weight = math.log2(count)
        text = "^^" + word
        for at in range(2, len(text)):
            follows[text[at - 2 : at]][text[at]] += weight
            pairs[text[at - 1]][text[at]] += weight
    for first in "^" + LETTERS:
        for second in "^" + LETTERS:
            if second == "^" and first != "^":
                continue
            line = []
            for third in LETTERS:
                of_pair = pairs[second]
                back = (of_pair[third] + 0.5) / (sum(of_pair.values()) + 13)
                of_three = follows[first + second]
                share = (of_three[third] + 12 * back) / (sum(of_three.values()) + 12)
                bits = math.log2(share * 26)
                line.append(chr(ord("I") + max(-8, min(8, round(bits * 2)))))
            print(first + second, "".join(line))


if __name__ == "__main__":
    main()
