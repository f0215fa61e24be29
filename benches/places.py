#!/usr/bin/env python3
"""Finds for every shipped anchor the piece it is looked for by, and the bucket that this goes to, for
`crates/scan/src/detector/anchors/places.txt`.

    python3 benches/places.py FOLDER … > crates/scan/src/detector/anchors/places.txt

Counts in the source text of the folders, never in labelled data, how often places are looked at in
vain: a place is marked when a bucket has all its bytes, and then looked at for every anchor with that
piece. Takes each anchor out and puts it where it costs least, until that changes little. An anchor
that is not in the file finds its own place at the start of the program; only speed depends on it.

One line for each anchor: bucket, where in the anchor its piece begins, `i` where case does not count
and else `s`, and the anchor, with a backslash before the two hex digits of what is not printable, and
of bars: a table with telling heads is what rules look for.
"""

import pathlib
import random
import sys
import tomllib

from letters import texts

WIDTH = 4
BUCKETS = 64
PLACES = 150_000
CHOICES = 6
# What a look costs, in marks.
LOOK = 6
# What a mark on a processor with tables of halves of bytes counts, against one with larger tables.
HALVES = 0.3
SWEEPS = 3


def names():
    """Every anchor with whether its case counts, as the rules files say it or as names give it."""
    # The command knows what follows from names.
    import json
    import subprocess

    listed = json.loads(subprocess.check_output(["cargo", "run", "-q", "--", "rules", "list", "--format", "json"]))
    any_case = {}
    for file in pathlib.Path("rules").glob("*.toml"):
        for rule in tomllib.loads(file.read_text()).get("rule", []):
            any_case[rule["id"]] = rule.get("anchors_any_case", False) or "names" in rule
    found = set()
    for rule in listed:
        for anchor in rule["anchors"]:
            folded = any_case[rule["id"]]
            found.add((anchor.encode().lower() if folded else anchor.encode(), folded))
    return sorted(found)


def sample(folders):
    """Places of real text, with as many bytes as a piece has; the larger files by their roots."""
    dice = random.Random(1)
    found = []
    for text in texts(folders):
        for _ in range(round(len(text) ** 0.5) // 2):
            at = dice.randrange(max(1, len(text) - WIDTH))
            found.append(bytes(text[at : at + WIDTH]).ljust(WIDTH, b"\0"))
    return dice.sample(found, min(PLACES, len(found)))


def cases(byte, folded):
    return {ord(chr(byte).lower()), ord(chr(byte).upper())} if folded and byte < 128 else {byte}


class Column:
    """For one of the bytes of a place, by what a table is asked with, the places that have it."""

    def __init__(self, values):
        def masks(size, of):
            bits = [bytearray(len(values) // 8 + 1) for _ in range(size)]
            for number, value in enumerate(values):
                bits[of(value)][number >> 3] |= 1 << (number & 7)
            return [int.from_bytes(one, "little") for one in bits]

        self.lower = masks(64, lambda value: value & 63)
        self.low = masks(16, lambda value: value & 15)
        self.high = masks(16, lambda value: value >> 4)


class Bucket:
    def __init__(self):
        self.clear()

    def clear(self):
        self.lower, self.low, self.high = [0] * WIDTH, [0] * WIDTH, [0] * WIDTH
        self.members = 0

    def with_(self, taken):
        lower = [old | new for old, (new, _, _) in zip(self.lower, taken)]
        low = [old | new for old, (_, new, _) in zip(self.low, taken)]
        high = [old | new for old, (_, _, new) in zip(self.high, taken)]
        return lower, low, high

    def add(self, taken):
        self.lower, self.low, self.high = self.with_(taken)
        self.members += 1


def passing(lower, low, high):
    wide, halves = lower[0], low[0] & high[0]
    for column in range(1, WIDTH):
        wide &= lower[column]
        halves &= low[column] & high[column]
    return wide, halves


def main():
    anchors = names()
    places = sample(sys.argv[1:])
    columns = [Column([place[column] for place in places]) for column in range(WIDTH)]
    everything = (1 << len(places)) - 1
    print(f"{len(anchors)} anchors, {len(places)} places", file=sys.stderr)

    def taken(piece, folded):
        found = []
        for column in range(WIDTH):
            if column >= len(piece):
                found.append((everything,) * 3)
                continue
            sets = [0, 0, 0]
            for byte in cases(piece[column], folded):
                sets[0] |= columns[column].lower[byte & 63]
                sets[1] |= columns[column].low[byte & 15]
                sets[2] |= columns[column].high[byte >> 4]
            found.append(tuple(sets))
        return found

    folded_places = {}
    for place in places:
        folded_places[place.lower()] = folded_places.get(place.lower(), 0) + 1
    prefixes = {}
    for place, count in folded_places.items():
        for width in range(1, WIDTH + 1):
            prefixes[place[:width]] = prefixes.get(place[:width], 0) + count

    choices = []
    for anchor, folded in anchors:
        width = min(WIDTH, len(anchor))
        found = []
        for at in range(len(anchor) - width + 1):
            piece = anchor[at : at + width]
            found.append((prefixes.get(piece.lower(), 0), at, taken(piece, folded)))
        found.sort(key=lambda choice: choice[:2])
        choices.append(found[:CHOICES])

    buckets = [Bucket() for _ in range(BUCKETS)]
    placed = [None] * len(anchors)

    def rebuild(number):
        buckets[number].clear()
        for index, place in enumerate(placed):
            if place and place[0] == number:
                buckets[number].add(place[1][2])

    def unions(but=None):
        wide = halves = 0
        for number, bucket in enumerate(buckets):
            if number != but and bucket.members:
                one, other = passing(bucket.lower, bucket.low, bucket.high)
                wide, halves = wide | one, halves | other
        return ~wide, ~halves

    def put(index, wide, halves):
        best = None
        empty = False
        for number, bucket in enumerate(buckets):
            if not bucket.members:
                if empty:
                    continue
                empty = True
            for choice in choices[index]:
                looks = LOOK * choice[0]
                if best and looks >= best[0]:
                    break
                one, other = passing(*bucket.with_(choice[2]))
                cost = looks + (one & wide).bit_count()
                if best and cost >= best[0]:
                    continue
                cost += HALVES * (other & halves).bit_count()
                if not best or cost < best[0]:
                    best = (cost, number, choice)
        _, number, choice = best
        placed[index] = (number, choice)
        buckets[number].add(choice[2])

    order = sorted(range(len(anchors)), key=lambda index: -choices[index][0][0])
    wide, halves = ~0, ~0
    for index in order:
        put(index, wide, halves)
        bucket = buckets[placed[index][0]]
        one, other = passing(bucket.lower, bucket.low, bucket.high)
        wide, halves = wide & ~one, halves & ~other
    for sweep in range(SWEEPS + 1):
        wide, halves = unions()
        marks = [(~one & everything).bit_count() / len(places) for one in (wide, halves)]
        looks = sum(choice[0] for _, choice in placed) / len(places)
        print(f"marks {marks[0]:.4f}, by halves {marks[1]:.4f}, looks {looks:.4f}", file=sys.stderr)
        if sweep == SWEEPS:
            break
        random.Random(sweep).shuffle(order)
        for index in order:
            number = placed[index][0]
            placed[index] = None
            rebuild(number)
            put(index, *unions())
    for (anchor, folded), (bucket, (_, at, _)) in zip(anchors, placed):
        shown = "".join(chr(b) if 0x20 <= b < 0x7F and b not in b"\\|" else f"\\{b:02x}" for b in anchor)
        print(bucket, at, "i" if folded else "s", shown)


if __name__ == "__main__":
    main()
