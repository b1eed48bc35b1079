"""Stable Diffusion 1.x from public checkpoints: a folder of diffusers, or one file in the layout of its authors."""

import dataclasses

from . import single_file, wrappers
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
SCALE_FACTOR = 0.18215  # method.md S1; where a configuration names none
REMEDY = "Take a Stable Diffusion 1.x model that predicts the noise, for instance 1.5."
WIDTH_2, WIDTH_XL = 1024, 2048  # of the contexts of Stable Diffusion 2.x and XL
# Diffusers has written weights under these names, the best first.
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
    """A component: its configuration in the words of its library, its weights, and the file that these stood in."""

    config: dict
    weights: dict
    path: object


def read(path):
    """unet, vae, text_encoder: functions that give a Part each, so that only one is in memory at a time. `path` is a
    folder or a file; refuses what is not Stable Diffusion 1.x before any weight is read, as far as that is possible."""
    require(path, "Name a folder of diffusers or a checkpoint file.")
    if not path.is_dir():
        return single_file.read(path, Part)
    _check_folder(path)
    names = ("unet", "vae", "text_encoder")
    return {name: lambda name=name: _read_component(path / name) for name in names}


def _check_folder(folder):
    index = folder / "model_index.json"
    kind = read_json(index).get("_class_name", "") if index.exists() else ""
    if "XL" in kind or (folder / "text_encoder_2").exists():
        raise refusal(folder, "is a model of the XL family", "Stable Diffusion 1.x", REMEDY)
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
    """Refuses U-Nets of other families, by what their configurations say."""
    width = config.get("cross_attention_dim")
    linear = config.get("use_linear_projection", False)
    if config.get("addition_embed_type") or width == WIDTH_XL:
        raise refusal(path, "is a U-Net of Stable Diffusion XL", "Stable Diffusion 1.x", REMEDY)
    if linear or width == WIDTH_2 or config.get("class_embed_type"):
        raise refusal(path, "is a U-Net of Stable Diffusion 2.x", "Stable Diffusion 1.x", REMEDY)
    channels = config.get("in_channels", 4), config.get("out_channels", 4)
    if channels != (4, 4):
        found = f"takes {channels[0]} and gives {channels[1]} channels"
        raise refusal(path, found, "4 and 4 (no inpainting or depth model)", REMEDY)


def check_text(config, path):
    if config.get("vocab_size", 49408) != 49408 or config.get("max_position_embeddings", 77) != 77:
        found = f"has {config.get('vocab_size')} tokens and {config.get('max_position_embeddings')} positions"
        raise refusal(path, found, "CLIP's 49408 and 77", REMEDY)


def find_weights(folder):
    path = next((folder / name for name in WEIGHT_FILES if (folder / name).exists()), None)
    if path is None:
        names = "diffusion_pytorch_model or model, .safetensors or .bin"
        raise FileNotFoundError(f"{folder}: holds no weights ({names}). Download the whole folder.")
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
    """The autoencoder's weights under today's names, its attention as matrices."""
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


def models(path, image_size=None):
    """Yields autoencoder, text encoder and denoiser (archive.Model); `image_size` where the files do not say it."""
    parts = read(path)
    folder = path if path.is_dir() else None

    def about(part):
        return dict(licence=LICENCE, source=provenance(part.path, folder))

    part = parts["vae"]()
    vae = build_vae(part)
    side = image_size or vae.config.sample_size
    scale = float(part.config.get("scaling_factor", SCALE_FACTOR))
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
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
        found = f"wants contexts of width {unet.config.cross_attention_dim}"
        raise refusal(part.path, found, f"{width}, what the text encoder gives", REMEDY)
    if image_size:
        unet.register_to_config(sample_size=image_size // factor)
    model = denoiser(wrappers.Denoiser(unet, "epsilon"), **about(part))
    del unet, part
    yield model
