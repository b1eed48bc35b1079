# SPDX-License-Identifier: Apache-2.0
"""CLIP's vocabulary as a SentencePiece model.

The vocabulary of openai/CLIP (MIT licence) is a list of merges. SentencePiece applies them to one pre-token at a time,
with bytes written as printable characters; the steps before and after are C++ (src/text). SentencePiece merges every
adjacent pair that forms a token, while CLIP merges listed pairs only, so equality has to be tested (tests/text).
"""

import gzip
import hashlib
import pathlib

MERGES = 49152 - 256 - 2  # the number CLIP reads: line 1 of the file is a comment, the lines after these are unused
START, END = "<|startoftext|>", "<|endoftext|>"
START_ID, END_ID = 49406, 49407
SUFFIX = "</w>"
BLANK = "\u2581"  # how SentencePiece writes a space; here it marks the end of a word, as SUFFIX does in CLIP
SINGLE_SCORE, SUFFIXED_SCORE = -1e6, 1.0
MERGES_SHA256 = "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a"


def merges_file():
    """The copy of CLIP's bpe_simple_vocab_16e6.txt.gz in the open_clip_torch wheel."""
    import importlib.util

    spec = importlib.util.find_spec("open_clip")
    if spec is None:
        raise FileNotFoundError("open_clip is not installed (scripts/setup --export installs it)")
    return pathlib.Path(spec.origin).parent / "bpe_simple_vocab_16e6.txt.gz"


def read_merges(path):
    """The 48,894 merges as pairs of strings, in rank order."""
    data = pathlib.Path(path).read_bytes()
    if hashlib.sha256(data).hexdigest() != MERGES_SHA256:
        raise ValueError(f"{path}: SHA-256 differs from that of CLIP's merges")
    lines = gzip.decompress(data).decode("utf-8").split("\n")
    return [tuple(line.split()) for line in lines[1 : MERGES + 1]]


def byte_characters():
    """The printable character of each byte, in the order of the ids 0...255."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    return [chr(code) for code in printable] + [chr(256 + k) for k in range(len(others))]


def vocabulary(merges):
    """The 49,408 tokens in id order, as CLIP writes them."""
    singles = byte_characters()
    return singles + [c + SUFFIX for c in singles] + [a + b for a, b in merges] + [START, END]


def sentencepiece_model(merges):
    """The bytes of a SentencePiece BPE model with CLIP's ids."""
    from sentencepiece import sentencepiece_model_pb2 as pb

    model = pb.ModelProto()
    tokens = vocabulary(merges)
    first_merge = len(tokens) - 2 - len(merges)
    for index, token in enumerate(tokens):
        piece = model.pieces.add()
        piece.piece = token[: -len(SUFFIX)] + BLANK if token.endswith(SUFFIX) else token
        if index >= first_merge:
            piece.score = -(index - first_merge + 1.0)
        else:
            piece.score = SUFFIXED_SCORE if index >= first_merge // 2 else SINGLE_SCORE
    kinds = pb.ModelProto.SentencePiece
    for piece, kind in ((model.pieces[-2], kinds.CONTROL), (model.pieces[-1], kinds.UNKNOWN)):
        piece.type, piece.score = kind, 0.0
    trainer = model.trainer_spec
    trainer.model_type = pb.TrainerSpec.BPE
    trainer.vocab_size = len(tokens)
    trainer.treat_whitespace_as_suffix = True
    trainer.bos_piece, trainer.unk_piece = START, END
    normalizer = model.normalizer_spec
    normalizer.name = "identity"
    normalizer.add_dummy_prefix = True
    normalizer.remove_extra_whitespaces = False
    normalizer.escape_whitespaces = True
    return model.SerializeToString(deterministic=True)


def clip_model():
    """The tokenizer.model of every set: SentencePiece bytes from the installed copy of CLIP's merges."""
    return sentencepiece_model(read_merges(merges_file()))


def reference_tokenizer():
    """transformers' CLIPTokenizer with the same vocabulary, the reference for the C++ tokenizer."""
    from transformers import CLIPTokenizer

    merges = read_merges(merges_file())
    return CLIPTokenizer(vocab={t: i for i, t in enumerate(vocabulary(merges))}, merges=merges)
