# SPDX-License-Identifier: Apache-2.0
"""Learned words from other programs' files, and the parts of specialization.pth of TINT's published code."""

import pickle
import re

import torch

from .archive import write_durably
from .sources import refusal, require

MAX_CLASSES = 100  # a file that names more Python classes than this is not an embedding
FORMAT = "pixw.se/format:diffusion-model-patch"
TRAIN_TIMESTEPS = 1000
REMEDY = "Convert a learned word for Stable Diffusion 1.x, or the specialization.pth of TINT's published code."
# Single-tensor layouts: the key in the file -> who writes it. The name of the word is the file's.
KEYS = {"emb_params": "kohya", "emp_params": "OneTrainer"}


class Foreign:
    """Replaces any Python class in a pickle: keeps its arguments and does nothing."""

    def __init__(self, *arguments, **members):
        self.__dict__.update(members, arguments=arguments)

    def __setstate__(self, state):
        self.__dict__.update(state if isinstance(state, dict) else {"state": state})


def read(path):
    """The content of a file, with Foreign objects for everything but tensors, dictionaries and plain values. It is read
    by torch's restricted unpickler; nothing that the file names is imported or called."""
    require(path, "Give an existing file.")
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(path)
        except SafetensorError as error:
            raise refusal(path, f"cannot be read ({error})", "safetensors", "Download it again.") from None
    stand_ins = []
    for _ in range(MAX_CLASSES):
        try:
            with torch.serialization.safe_globals(stand_ins):
                return torch.load(path, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            name = re.search(r"(?:Unsupported global: GLOBAL|Unsupported class|class) ([\w.]+\.\w+)", str(error))
            if name is None or any(name[1] == known for _, known in stand_ins):
                lines = [line for line in str(error).split("WeightsUnpickler error:")[-1].splitlines() if line.strip()]
                found = lines[0].strip() if lines else "a pickle"
                raise refusal(path, f"cannot be read safely ({found})", "tensors", REMEDY) from None
            stand_ins.append((type("Foreign", (Foreign,), {}), name[1]))
        except (RuntimeError, EOFError, ValueError, KeyError) as error:
            found = (str(error).splitlines() or [type(error).__name__])[0]
            raise refusal(path, f"cannot be read ({found})", "a PyTorch file", "Download it again.") from None
    raise refusal(path, f"names more than {MAX_CLASSES} Python classes", "a learned word", REMEDY)


def _members(value):
    """The members of a dictionary or of an object like one (torch's ParameterDict, a data class)."""
    if isinstance(value, Foreign):
        value = value.__dict__
        value = value.get("_parameters") or value.get("data") or value
    return value if isinstance(value, dict) else {}


def _vectors(value, path, name):
    """Checked vectors [n, D] in float32."""
    if not isinstance(value, torch.Tensor) or not value.is_floating_point() or value.dim() not in (1, 2):
        kind = f"shape {list(value.shape)}" if isinstance(value, torch.Tensor) else f"the type {type(value).__name__}"
        raise refusal(path, f"{name} has {kind}", "numbers of shape [D] or [n, D]", REMEDY)
    vectors = value.detach().float().reshape(-1, value.shape[-1]).contiguous()
    if vectors.numel() == 0 or not bool(vectors.isfinite().all()):
        raise refusal(path, f"{name} is empty or not all values are finite", "finite vectors", REMEDY)
    return vectors


def learned_word(content, path, placeholder=None):
    """(placeholder, vectors [n, D]) of a file in any of the four layouts."""
    members = _members(content)
    if {"clip_l", "clip_g"} & set(members):
        raise refusal(
            path, "is an embedding for Stable Diffusion XL (clip_l, clip_g)", "one for Stable Diffusion 1.x", REMEDY
        )
    if "string_to_param" in members:
        found = _only(_members(members["string_to_param"]), path)
        name = members.get("name") if isinstance(members.get("name"), str) else None
        return placeholder or name or path.stem, _vectors(found[1], path, "string_to_param")
    for key in KEYS:
        if key in members:
            return placeholder or path.stem, _vectors(members[key], path, key)
    words = {k: v for k, v in members.items() if isinstance(v, torch.Tensor) and v.dim() in (1, 2)}
    key, value = _only(words, path)
    return placeholder or (path.stem if key == "*" else key), _vectors(value, path, key)


def _only(words, path):
    if len(words) != 1:
        found = f"contains {len(words)} tensors that could be the embedding ({', '.join(map(str, words)) or 'none'})"
        raise refusal(path, found, "exactly one", REMEDY)
    return next(iter(words.items()))


def is_specialization(content):
    return "nulltext_inversion" in _patch(content)


def _patch(content):
    members = _members(content)
    return _members(members.get("diff_model_patch", members))


def specialization(content, path, class_name, placeholder=None):
    """File name -> tensors, for two stages of tint; an error where the parts do not match."""
    patch = _patch(content)
    stamp = patch.get("format", FORMAT)
    if not str(stamp).startswith(FORMAT):
        raise refusal(path, f"format is {stamp!r}", FORMAT, REMEDY)
    words = _members(_members(patch.get("textual_inversion")).get("embeddings"))
    key, value = _only(words, path)
    files = {f"textual-inversion/{class_name}.safetensors": {placeholder or key: _vectors(value, path, key)}}
    photos = [_members(entry) for entry in patch["nulltext_inversion"] or []]
    if photos:
        files[f"null-text-inversion/{class_name}.safetensors"] = _null_text(photos, patch, path)
    return files


def _null_text(photos, patch, path):
    latents, unconditional = [], []
    for index, photo in enumerate(photos):
        steps = list(photo.get("unc_embeddings") or [])
        latents.append(_stacked([photo.get("latents")], 3, path, f"latents of photo {index}")[0])
        unconditional.append(_stacked(steps, 2, path, f"unc_embeddings of photo {index}"))
    if len({tuple(tensor.shape) for tensor in unconditional} | {()}) != 2 or len({t.shape for t in latents}) != 1:
        raise refusal(path, "photos have different numbers of steps or sizes", "the same for all", REMEDY)
    count = unconditional[0].shape[0]
    stated = _members(patch.get("base_model")).get("nof_iterations", count)
    if stated != count:
        raise refusal(
            path, f"nof_iterations is {stated}, but each photo has {count} embeddings", "the same number", REMEDY
        )
    timesteps = torch.tensor([_trailing(step, count) for step in range(count)])
    return dict(latents=torch.stack(latents), unconditional=torch.stack(unconditional), timesteps=timesteps)


def _stacked(tensors, dimensions, path, name):
    """The tensors stacked along a new first dimension, each without its batch dimension of one."""
    for tensor in tensors:
        if not isinstance(tensor, torch.Tensor) or not tensor.is_floating_point():
            raise refusal(path, f"{name}: contains a {type(tensor).__name__}", "tensors", REMEDY)
        if tensor.dim() not in (dimensions, dimensions + 1) or (tensor.dim() > dimensions and tensor.shape[0] != 1):
            raise refusal(path, f"{name}: has shape {list(tensor.shape)}", f"{dimensions} dimensions", REMEDY)
        if not bool(tensor.isfinite().all()):
            raise refusal(path, f"{name}: not all values are finite", "finite numbers", REMEDY)
    if not tensors or len({tensor.shape for tensor in tensors}) != 1:
        raise refusal(path, f"{name}: is empty or has tensors of different shapes", "tensors of one shape", REMEDY)
    return torch.stack([t.detach().float().reshape(t.shape[-dimensions:]) for t in tensors])


def _trailing(step, count):
    """The published code's sampler: DDIM, "trailing"."""
    return round(TRAIN_TIMESTEPS - step * TRAIN_TIMESTEPS / count) - 1


def write(path, tensors):
    """Returns (path, tensors)."""
    from safetensors.torch import save

    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, save({k: v.contiguous() for k, v in tensors.items()}, {"format": "pt"}))
    return path, tensors
