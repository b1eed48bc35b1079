# SPDX-License-Identifier: Apache-2.0
"""Stable Diffusion 1.x from public checkpoints: a diffusers folder, or a single file in the original layout."""

import dataclasses
import json

from . import single_file, wrappers
from .command_line import say
from .models import autoencoder, denoiser, text_encoder
from .sources import (
    load_into,
    provenance,
    read_json,
    read_weights,
    refusal,
    require,
    skipped_initialisation,
    without_prefix,
)

LICENCE = "CreativeML OpenRAIL-M (Stable Diffusion 1.x as published)"
SCALE_FACTOR = 0.18215  # Stable Diffusion 1.x; where a configuration names none
REMEDY = "Use a Stable Diffusion 1.x model that predicts the noise, for instance 1.5."
WIDTH_2, WIDTH_XL = 1024, 2048  # of the contexts of Stable Diffusion 2.x and XL
# Names of weight files that diffusers has used, in order of preference.
WEIGHT_FILES = [
    f"{base}{variant}{suffix}"
    for suffix in (".safetensors", ".bin")
    for variant in ("", ".fp16")
    for base in ("diffusion_pytorch_model", "model", "pytorch_model")
]
# The autoencoder's attention in files from before 2023.
OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}


@dataclasses.dataclass
class Part:
    """A component: its library's configuration, its weights, and the file they were read from."""

    config: dict
    weights: dict
    path: object


def read(path):
    """unet, vae, text_encoder: functions that each return a Part, so that only one is in memory at a time. `path` is a
    folder or a file. Other models than Stable Diffusion 1.x are rejected before any weights are read, if possible."""
    require(path, "Give a diffusers folder or a checkpoint file.")
    if not path.is_dir():
        return single_file.read(path, Part)
    _check_folder(path)
    names = ("unet", "vae", "text_encoder")
    return {name: lambda name=name: _read_component(path / name) for name in names}


def _check_folder(folder):
    index = folder / "model_index.json"
    kind = read_json(index).get("_class_name", "") if index.exists() else ""
    if "XL" in kind or (folder / "text_encoder_2").exists():
        raise refusal(folder, "is a Stable Diffusion XL model", "Stable Diffusion 1.x", REMEDY)
    scheduler = folder / "scheduler" / "scheduler_config.json"
    if scheduler.exists():
        check_prediction(read_json(scheduler).get("prediction_type", "epsilon"), scheduler)
    for name in ("unet", "vae", "text_encoder"):
        find_weights(folder / name)
    check_unet(read_json(folder / "unet" / "config.json"), folder / "unet" / "config.json")
    check_text(read_json(folder / "text_encoder" / "config.json"), folder / "text_encoder" / "config.json")


def check_prediction(kind, path):
    if kind != "epsilon":
        raise refusal(path, f"prediction_type is '{kind}'", "'epsilon' (the noise)", REMEDY)


def check_unet(config, path):
    """Rejects U-Nets of other model families, going by their configuration."""
    width = config.get("cross_attention_dim")
    linear = config.get("use_linear_projection", False)
    if config.get("addition_embed_type") or width == WIDTH_XL:
        raise refusal(path, "is a U-Net of Stable Diffusion XL", "Stable Diffusion 1.x", REMEDY)
    if linear or width == WIDTH_2 or config.get("class_embed_type"):
        raise refusal(path, "is a U-Net of Stable Diffusion 2.x", "Stable Diffusion 1.x", REMEDY)
    channels = config.get("in_channels", 4), config.get("out_channels", 4)
    if channels != (4, 4):
        found = f"has {channels[0]} input and {channels[1]} output channels"
        raise refusal(path, found, "4 and 4 (inpainting and depth models are not supported)", REMEDY)


def check_text(config, path):
    if config.get("vocab_size", 49408) != 49408 or config.get("max_position_embeddings", 77) != 77:
        found = f"has {config.get('vocab_size')} tokens and {config.get('max_position_embeddings')} positions"
        raise refusal(path, found, "CLIP's 49408 and 77", REMEDY)


def find_weights(folder):
    path = next((folder / name for name in WEIGHT_FILES if (folder / name).exists()), None)
    if path is None:
        names = "diffusion_pytorch_model or model, .safetensors or .bin"
        raise FileNotFoundError(f"{folder}: contains no weights ({names}). Download the whole folder.")
    return path


def _read_component(folder):
    config, path = read_json(folder / "config.json"), find_weights(folder)
    weights = read_weights(path)
    if folder.name == "vae":
        weights = _renamed_attention(weights)
    if folder.name == "text_encoder":
        weights = without_prefix(weights, "text_model.") or weights
    return Part(config, weights, path)


def _renamed_attention(weights):
    """The autoencoder's weights under current names, with attention weights as matrices."""
    renamed = {}
    for name, value in weights.items():
        head, _, last = name.rpartition(".")
        owner, _, layer = head.rpartition(".")
        if ".attentions." in name and layer in OLD_ATTENTION:
            name = f"{owner}.{OLD_ATTENTION[layer]}.{last}"
            value = value.flatten(1) if value.dim() == 4 else value
        renamed[name] = value
    return renamed


def _public(config):
    return {name: value for name, value in config.items() if not name.startswith("_")}


def _build(part, build):
    with skipped_initialisation():
        module = build(part.config)
    return load_into(module, part.weights, part.path)


def build_unet(part):
    from diffusers import UNet2DConditionModel

    return _build(part, lambda config: UNet2DConditionModel.from_config(_public(config)))


def build_vae(part):
    from diffusers import AutoencoderKL

    return _build(part, lambda config: AutoencoderKL.from_config(_public(config)))


def build_text_encoder(part):
    from transformers import CLIPTextConfig, CLIPTextModel

    own = CLIPTextConfig(**{k: v for k, v in _public(part.config).items() if k not in ("architectures", "torch_dtype")})
    module = CLIPTextModel(own)
    position_ids = "embeddings.position_ids"  # a constant in old files
    part.weights = {k: v for k, v in part.weights.items() if k != position_ids and not k.startswith("text_projection")}
    return load_into(module, part.weights, part.path)


def image_side(path, part, factor):
    """Pixels of an image's side: the U-Net's `sample_size` times `factor`, as in diffusers. An autoencoder's own
    `sample_size` is the size it was trained at, which need not be the U-Net's: it is reported where it differs."""
    if not path.is_dir():
        return part.config["sample_size"]  # single_file.py derives both from one size
    file = path / "unet" / "config.json"
    cells = read_json(file).get("sample_size")
    if not isinstance(cells, int) or not 0 < cells:
        found = "has no sample_size" if cells is None else f"sample_size is {json.dumps(cells)}"
        remedy = "Choose the side of the images with --image-size."
        raise refusal(file, found, "a positive whole number", remedy)
    side, of_vae = cells * factor, part.config.get("sample_size")
    if of_vae not in (None, side):
        say(
            f"{path / 'vae' / 'config.json'}: sample_size is {of_vae}, but the U-Net's is {cells} latents of {factor} "
            f"pixels; the images will have {side} x {side} pixels (--image-size chooses another size)"
        )
    return side


def models(path, image_size=None):
    """Yields autoencoder, text encoder and denoiser (archive.Model); `image_size` overrides what the files say."""
    parts = read(path)
    folder = path if path.is_dir() else None

    def about(part):
        return dict(licence=LICENCE, source=provenance(part.path, folder))

    part = parts["vae"]()
    vae = build_vae(part)
    scale = float(part.config.get("scaling_factor", SCALE_FACTOR))
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    side = image_size or image_side(path, part, factor)
    yield autoencoder(wrappers.Autoencoder(vae), scale, side, **about(part))
    del vae, part

    part = parts["text_encoder"]()
    check_text(part.config, part.path)
    encoder = build_text_encoder(part)
    width = encoder.config.hidden_size
    yield text_encoder(wrappers.TextEncoder(encoder), **about(part))
    del encoder, part

    part = parts["unet"]()
    unet = build_unet(part)
    if unet.config.cross_attention_dim != width:
        found = f"expects contexts of width {unet.config.cross_attention_dim}"
        raise refusal(part.path, found, f"{width}, the width of the text encoder", REMEDY)
    if image_size:
        unet.register_to_config(sample_size=image_size // factor)
    model = denoiser(wrappers.Denoiser(unet, "epsilon"), **about(part))
    del unet, part
    yield model
