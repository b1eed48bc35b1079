# SPDX-License-Identifier: Apache-2.0
"""Reads public weight files: safetensors, and pickles that contain only tensors and plain values."""

import argparse
import contextlib
import functools
import json
import pickle

import torch

from .archive import sha256

# Published checkpoints of DINO and Stable Diffusion also contain these classes; empty classes replace them.
HARMLESS = [argparse.Namespace] + [
    (type("StandIn", (), {}), name)
    for name in (
        "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
        "lightning.pytorch.callbacks.model_checkpoint.ModelCheckpoint",
    )
]
WRAPPINGS = ("state_dict", "params_ema", "params", "model")  # where training programs store the weights


def refusal(file, found, expected, remedy):
    """The error for a file that cannot be used; exit code 65."""
    return ValueError(f"{file}: {found}; expected {expected}. {remedy}")


def require(path, remedy):
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or directory. {remedy}")
    return path


def read_json(path):
    try:
        document = json.loads(require(path, "Download the whole folder.").read_bytes())
    except ValueError as error:
        raise refusal(path, f"is not JSON ({error})", "a configuration", "Download the file again.") from None
    if not isinstance(document, dict):
        raise refusal(path, "is not a JSON object", "a configuration", "Download the file again.")
    return document


def read_checkpoint(path):
    """The file's dictionary, mostly of tensors."""
    require(path, "Name a file that exists.")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        with torch.serialization.safe_globals(HARMLESS):
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = next((line for line in str(error).splitlines() if "GLOBAL" in line or "global" in line), "a pickle")
        remedy = "Use the .safetensors file of the same model; no code in this file was executed."
        raise refusal(path, f"contains more than tensors ({reason.strip()})", "weights only", remedy) from None
    except Exception as error:
        if isinstance(error, (OSError, MemoryError)):
            raise
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise refusal(path, f"cannot be read ({first})", "a weight file", "Download the file again.") from None
    if not isinstance(checkpoint, dict):
        raise refusal(path, f"contains a {type(checkpoint).__name__}", "named tensors", "Save the state dictionary.")
    return checkpoint


def read_weights(path):
    """Name -> float32 tensor, without the dictionaries that training programs put around the weights."""
    checkpoint = read_checkpoint(path)
    for key in WRAPPINGS:
        if isinstance(checkpoint.get(key), dict):
            checkpoint = checkpoint[key]
    weights = {name: value for name, value in checkpoint.items() if isinstance(value, torch.Tensor)}
    if not weights:
        raise refusal(path, "contains no tensors", "named tensors", "Use the file with the weights.")
    return {name: v.float() if v.is_floating_point() else v for name, v in weights.items()}


def load_into(module, weights, path):
    """load_state_dict with one error for all tensors that are missing, unexpected or of the wrong shape."""
    own = module.state_dict()
    missing = sorted(own.keys() - weights.keys())
    extra = sorted(weights.keys() - own.keys())
    wrong = sorted(name for name in own.keys() & weights.keys() if own[name].shape != weights[name].shape)
    if missing or extra or wrong:
        parts = [_count(missing, "{} missing"), _count(extra, "{} unknown"), _count(wrong, "{} of the wrong shape")]
        found = "tensors do not match: " + ", ".join(part for part in parts if part)
        kind = type(module).__name__
        raise refusal(path, found, f"the weights of a {kind}", "Check that the file belongs to this role.")
    module.load_state_dict(weights, assign=True)  # no second copy of 3.4 GB
    return module.eval()


def _count(names, form):
    return f"{form.format(len(names))} ({names[0]}{', ...' if len(names) > 1 else ''})" if names else ""


@functools.lru_cache
def provenance(path, folder=None):
    """The member `source` of models.json: name (relative to `folder`) and hash of the file."""
    return f"{path.relative_to(folder).as_posix() if folder else path.name}, SHA-256 {sha256(path)}"


def without_prefix(weights, prefix):
    """The tensors whose names start with `prefix`, without it."""
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


@contextlib.contextmanager
def skipped_initialisation():
    """Skips the random initialisation of a module whose weights are loaded next; it takes a minute at full size."""
    from torch.nn import init

    names = [name for name in dir(init) if name.endswith("_") and not name.startswith("_")]
    originals = {name: getattr(init, name) for name in names}
    try:
        for name in names:
            setattr(init, name, lambda tensor, *_, **__: tensor)
        yield
    finally:
        for name, function in originals.items():
            setattr(init, name, function)
