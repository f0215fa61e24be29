#!/usr/bin/env python3
"""Makes rules of the usual shapes that name no real issuer, to see what 400 rules cost.

    rules400.py FOLDER [--count 260] [--seed 1]

Writes FOLDER/synthetic-*.toml for `quietus --rules FOLDER`; with the shipped rules they reach 400.
The same seed gives the same bytes. Shapes and shares are those of published formats: half a prefix
and a run of characters, two in five a name with an operator and a value, the rest in URLs. The
names of the second kind are in part words of any code, as issuers' names are: they cost the most.
"""

import argparse
import os
import random
import tomllib

# Words that stand in code and prose, and that companies are named after.
WORDS = (
    "anchor atlas beacon branch bridge buffer canvas channel close cluster column compass cursor "
    "delta docker engine factor field filter forge front gateway harbor index ladder launch layer "
    "lattice lookup market matrix meter mirror mode notion orbit panel pilot plaid prism pulse "
    "query radar relay render ripple sample segment sensor signal socket split square stack stream "
    "switch ticket timber token trigger vector vertex widget window"
).split()
SYLLABLES = "ba ce di fo gu ha jo ka le mi no pu qua re si to vu wa xe yo zu bri clo dra fle gri pla sto".split()
ALPHABETS = ["0-9a-f", "0-9A-Za-z", "0-9A-Za-z_-", "0-9a-z", "0-9A-Z", "0-9A-Za-z+/"]
SHARES = {"prefix": 50, "two parts": 8, "named hex": 24, "named value": 12, "url": 6}
OPERATOR = r"""["'`]?\s{0,10}(?:=>|:=|[:=])\s{0,10}["'`]?"""


class Names:
    """Names that are not used twice."""

    def __init__(self, chance):
        self.chance, self.used = chance, set()

    def made_up(self):
        """Two or three syllables."""
        while True:
            name = "".join(self.chance.choice(SYLLABLES) for _ in range(self.chance.choice((2, 3))))
            if 4 <= len(name) <= 8 and name not in self.used and name not in WORDS:
                self.used.add(name)
                return name

    def issuer(self):
        """A word of code in one case of three."""
        free = [word for word in WORDS if word not in self.used]
        if free and self.chance.random() < 1 / 3:
            name = self.chance.choice(free)
            self.used.add(name)
            return name
        return self.made_up()


def run_of(chance, alphabet, length):
    """A run as a pattern, and the end that its alphabet asks for."""
    end = r"\b" if alphabet[-1] not in "-/" else f"(?:[^{alphabet}]|$)"
    return f"[{alphabet}]{{{length}}}", end


def prefixed(chance, names, parts):
    """`name_` and one run, or two with a mark between them."""
    name, mark = names.made_up(), chance.choice("_-_._")
    prefix = {0: name[:3], 1: name[:4], 2: name + mark + chance.choice(("pat", "live", "api", "key"))}
    prefix = prefix[chance.randrange(3)] + mark
    if chance.random() < 0.2:
        prefix = prefix.upper()
    alphabet, length = chance.choice(ALPHABETS), chance.choice((20, 24, 32, 36, 40, 43, 48, 64))
    run, end = run_of(chance, alphabet, length)
    body, shape = prefix.replace(".", r"\.") + run, [f'{{ lit = "{prefix}" }}']
    shape.append(f'{{ chars = "{alphabet}", len = {length} }}')
    if parts == 2:
        tail = chance.choice((6, 8, 16, 32))
        body += rf"\.[0-9A-Za-z]{{{tail}}}"
        end = r"\b"
        shape += ['{ lit = "." }', f'{{ chars = "0-9A-Za-z", len = {tail} }}']
    return name, f'anchors = ["{prefix}"]', rf"\b(?P<secret>{body}){end}", shape, "{secret}"


def named(chance, names, value):
    """A name, an operator, and a value that only the name gives away."""
    name = names.issuer()
    alphabet = "0-9a-f" if value == "hex" else chance.choice(ALPHABETS[1:5])
    length = chance.choice((32, 40, 64) if value == "hex" else (20, 24, 32, 40, 48))
    run, end = run_of(chance, alphabet, length)
    pattern = rf"(?i:{name})[0-9A-Za-z_.-]{{0,24}}{OPERATOR}(?P<secret>{run}){end}"
    shape = [f'{{ chars = "{alphabet}", len = {length} }}']
    anchors = f'anchors = ["{name}"]\nanchors_any_case = true'
    return name, anchors, pattern, shape, f'{name.upper()}_API_KEY = "{{secret}}"'


def url(chance, names):
    """A password or a key in an address."""
    name, shape = names.made_up(), ['{ chars = "0-9A-Za-z", len = 24 }']
    if chance.random() < 0.5:
        user = r"""[^\s:/?#@"'<>`{}]{0,80}"""
        pattern = rf"""\b{name}://{user}:(?P<secret>[^\s/?#@"'<>`{{}}]{{3,200}})@[0-9A-Za-z_.-]{{1,253}}"""
        return name, f'anchors = ["{name}://"]', pattern, shape, f"{name}://user:{{secret}}@host.invalid/"
    host = f"hooks.{name}.example"
    pattern = rf"https://{host.replace('.', chr(92) + '.')}/[0-9A-Za-z]{{8,12}}/(?P<secret>[0-9A-Za-z_-]{{24}})"
    pattern += "(?:[^0-9A-Za-z_-]|$)"
    return name, f'anchors = ["{host}/"]', pattern, shape, f"https://{host}/T0000000/{{secret}}"


MAKERS = {
    "prefix": lambda chance, names: prefixed(chance, names, 1),
    "two parts": lambda chance, names: prefixed(chance, names, 2),
    "named hex": lambda chance, names: named(chance, names, "hex"),
    "named value": lambda chance, names: named(chance, names, "value"),
    "url": url,
}


def file_of(name, anchors, pattern, shape, sample):
    """One rule file."""
    return (
        f'[provider]\nid = "synthetic-{name}"\nname = "Synthetic {name}"\n\n'
        f'[[rule]]\nid = "synthetic-{name}"\nname = "Synthetic {name}"\nseverity = "low"\n'
        f"confidence = \"medium\"\n{anchors}\npattern = '''{pattern}'''\nentropy = 3.0\n"
        f"shape.parts = [{', '.join(shape)}]\n\n"
        '[rule.remedy]\nrotate = "Nobody issues it."\nrevoke = "Nobody issues it."\n\n'
        f"[rule.tests]\npositive = ['{sample}']\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=260)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    names = Names(chance)
    os.makedirs(options.folder, exist_ok=True)
    for _ in range(options.count):
        kind = chance.choices(list(SHARES), weights=list(SHARES.values()))[0]
        name, *rule = MAKERS[kind](chance, names)
        text = file_of(name, *rule)
        tomllib.loads(text)
        with open(os.path.join(options.folder, f"synthetic-{name}.toml"), "w", encoding="ascii") as file:
            file.write(text)


if __name__ == "__main__":
    main()
