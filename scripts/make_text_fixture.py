#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes prompts with their ids from transformers' CLIPTokenizer, for tests/text.

  .venv/bin/python scripts/make_text_fixture.py                       tests/text/fixtures/clip_ids.json (300 lines)
  .venv/bin/python scripts/make_text_fixture.py --large --out FILE    the whole vocabulary, every code point and
                                                                      25,000 random lines, for
                                                                      TINT_TEXT_FIXTURE=FILE tint_text_test

Lines are generated from a fixed seed, so that two runs write the same bytes.
"""

import argparse
import json
import pathlib
import random
import sys
import unicodedata

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from tint_export import tokenizer  # noqa: E402

DEFAULT = pathlib.Path(__file__).resolve().parent.parent / "tests/text/fixtures/clip_ids.json"
BLOCKS = [0x20, 0xA0, 0x100, 0x370, 0x400, 0x5D0, 0x900, 0x1E00, 0x2000, 0x3040, 0x4E00, 0xAC00, 0x1F600]
PLACEHOLDERS = ["#object", "#object-2", "#Wal"]

WRITTEN = """\
A photo of an object
a photo of an #object
a close-up photo of the #object.
#object
#object #object
A#objectB
two #objects, one #object-2; not # object
#OBJECT stays text
#Wal and #wal and #Walrus
it's what they're saying: I've, I'd, we'll, don't, I'M
IT'S WHAT THEY'RE SAYING
rock 'n' roll 'sup 'tis 'd''s
2024 was 3.14159 times 1e-6, or 50% of #1
one,two;three...four!!!five?!?
e-mail: someone@example.org, https://example.org/a_b?c=d&e=f
<|startoftext|>a photo<|endoftext|>
a <|endoftext|> b <|STARTOFTEXT|> c <| endoftext |>
<|startoftext|<|endoftext|>|>
<|STARTOFTEXT|>! !<|STARTOFTEXT|>! x<|EndOfText|>x <|ENDOFTEXT|>'s
   leading,\ttabs\tand\nnew\r\nlines  and   runs   \n
non\u00a0breaking\u2003em\u3000ideographic\u1680ogham\u180emongolian\u200bzero\u2028line\u0085next
caf\u00e9 cafe\u0301 \u00c5ngstr\u00f6m A\u030angstro\u0308m \u212bngstrom \uac00 \u1100\u1161
\u039f\u0394\u039f\u03a3 \u03bf\u03b4\u03cc\u03c2 \u1f88\u03a3 \u0130stanbul I\u0307 \u1e9e \u0149 \u01c5
\u017fharp 's '\u017f \u212aelvin
\u4e2d\u6587\u7684\u63d0\u793a \u65e5\u672c\u8a9e\u306e\u30d7\u30ed\u30f3\u30d7\u30c8 \ud55c\uad6d\uc5b4
\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22
\u0420\u0443\u0441\u0441\u043a\u0438\u0439 \u0442\u0435\u043a\u0441\u0442 \u05e2\u05d1\u05e8\u05d9\u05ea
\u0639\u0631\u0628\u064a \u0939\u093f\u0928\u094d\u0926\u0940
\U0001f600\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \u2764\ufe0f \U0001f1e9\U0001f1ea
\u00bd \u00b2 \u2460 \u2167 \u0663 \u96f6 \u3007
\u2581 \u2581a a\u2581 </w> a</w> \u0120 \u00c4 \u0000 \u0001 \u007f \u00ad
$\u20ac\u00a3\u00a5 \u00ab\u00bb \u201cquoted\u201d \u2018single\u2019 it\u2019s \u2014 \u2013 \u2026 \u00b7 \u2022
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bababababababa hahahahahaha
Pneumonoultramicroscopicsilicovolcanoconiosis antidisestablishmentarianism
__init__ snake_case camelCase PascalCase kebab-case path/to/file.txt C:\\dir
..........\u2026\u2026--------====####@@@@!!!!
"""


def word(rng, tokens):
    """One to three vocabulary tokens, or a run of characters from one Unicode block."""
    if rng.random() < 0.8:
        text = "".join(rng.choice(tokens) for _ in range(rng.randint(1, 3)))
    else:
        block = rng.choice(BLOCKS)
        text = "".join(chr(block + rng.randrange(96)) for _ in range(rng.randint(1, 8)))
    style = rng.random()
    return text.upper() if style < 0.1 else text.title() if style < 0.2 else text


def random_line(rng, tokens):
    blanks = [" "] * 8 + ["", "  ", "\t", "\n", "-", ", ", "'s ", "' ", ". ", "\u00a0"]
    parts = []
    for _ in range(rng.randint(1, 9)):
        parts += [word(rng, tokens), rng.choice(blanks)]
        if rng.random() < 0.05:
            parts.append(rng.choice(PLACEHOLDERS + [tokenizer.START, tokenizer.END, str(rng.randrange(10**6))]))
    return "".join(parts)


def plain_tokens():
    """The tokens of the vocabulary that are valid text, with byte characters turned back into bytes."""
    byte_of = {c: b for c, b in zip(tokenizer.byte_characters(), byte_values())}
    texts = []
    for token in tokenizer.vocabulary(tokenizer.read_merges(tokenizer.merges_file()))[:-2]:
        try:
            texts.append(bytes(byte_of[c] for c in token.removesuffix(tokenizer.SUFFIX)).decode("utf-8"))
        except UnicodeDecodeError:
            pass  # a part of a character
    return texts


def byte_values():
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return printable + [byte for byte in range(256) if byte not in set(printable)]


def lines(large):
    rng = random.Random(20240611)
    tokens = plain_tokens()
    found = WRITTEN.split("\n") + [""]
    found[WRITTEN.count("\n")] = "  \t\n "
    if large:
        found += tokens
        points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and unicodedata.category(chr(c)) != "Cn"]
        found += [f"a{chr(c)}b {chr(c)} '{chr(c)}" for c in points]
    found += [random_line(rng, tokens) for _ in range(25000 if large else 265)]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--large", action="store_true", help="the large comparison, which is not part of the test suite"
    )
    parser.add_argument("--out", type=pathlib.Path, default=DEFAULT, help="file to write (default: the fixture)")
    arguments = parser.parse_args()
    if arguments.large and arguments.out == DEFAULT:
        parser.error("--large requires --out: the fixture in the repository stays small")

    import tokenizers
    import transformers

    reference = tokenizer.reference_tokenizer()
    # Placeholders are found before normalisation.
    added = [tokenizers.AddedToken(name, normalized=False, special=False) for name in PLACEHOLDERS]
    reference.add_tokens(added)
    texts = lines(arguments.large)
    ids = reference(texts, add_special_tokens=False)["input_ids"]
    fixture = {
        "made_by": "scripts/make_text_fixture.py" + (" --large" if arguments.large else ""),
        "reference": f"CLIPTokenizer of transformers {transformers.__version__}, tokenizers {tokenizers.__version__}",
        "merges": f"bpe_simple_vocab_16e6.txt.gz of openai/CLIP (MIT), SHA-256 {tokenizer.MERGES_SHA256}",
        "placeholders": PLACEHOLDERS,
        "lines": [[text, found] for text, found in zip(texts, ids)],
    }
    head = json.dumps({**fixture, "lines": []}, indent=1, ensure_ascii=True)
    body = ",\n".join(json.dumps(line, separators=(",", ":")) for line in fixture["lines"])
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(head.replace('"lines": []', '"lines": [\n' + body + "\n]") + "\n")
    print(f"{arguments.out}: {len(texts)} lines")


if __name__ == "__main__":
    main()
