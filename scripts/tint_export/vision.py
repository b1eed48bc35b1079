# SPDX-License-Identifier: Apache-2.0
"""The roles whose input is an image, from public checkpoints: HAT, DINO, CLIP, the Inception stem of FID."""

import torch
from torch.nn import functional

from . import wrappers
from .models import clip, inception, teacher, upscaler
from .sources import (
    load_into,
    provenance,
    read_checkpoint,
    read_json,
    read_weights,
    refusal,
    require,
    without_prefix,
)

LICENCES = {
    "upscaler": "Apache-2.0 (HAT as published)",
    "teacher": "Apache-2.0 (DINO as published)",
    "inception": "Apache-2.0 (pytorch-fid's weights as published)",
    "clip": "MIT (CLIP as published)",
}
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]  # ImageNet's, as DINO's
HEAD_WIDTH = 64  # of every published DINO ViT
TEACHER_SIZE = 224


def read_upscaler(path):
    """HAT of any size; the factor and the window are in the file."""
    from spandrel import ModelLoader, UnsupportedModelError

    weights = read_weights(path)
    try:
        found = ModelLoader(device="cpu").load_from_state_dict(weights)
    except UnsupportedModelError:
        raise refusal(path, "has an unknown architecture", "a checkpoint of HAT", "Use Real_HAT_GAN_SRx4.") from None
    if found.architecture.id != "HAT" or found.input_channels != 3:
        kind = f"{found.architecture.id} with {found.input_channels} channels"
        raise refusal(path, f"is {kind}", "HAT with 3 channels", "Use Real_HAT_GAN_SRx4.")
    network = wrappers.Hat(found.model.float().eval())
    about = dict(licence=LICENCES["upscaler"], source=provenance(path))
    return upscaler(network, factor=found.scale, side_multiple=found.model.window_size, **about)


def read_teacher(path, size=TEACHER_SIZE):
    """DINO's ViT for images of `size` x `size`, in timm's or in the original layout: the parameters have the same
    names, but their prefixes differ. A PMF checkpoint also contains the scale and bias of its logits."""
    everything = _teacher_checkpoint(path)
    weights = _backbone(everything, path)
    patch = weights["patch_embed.proj.weight"].shape[-1]
    if size % patch or size < patch:
        raise ValueError(f"--teacher-size is {size}; expected a multiple of {patch}, the patch size of {path.name}")
    weights["pos_embed"] = resized_positions(weights["pos_embed"], size // patch)
    backbone = wrappers.TimmBackbone(load_into(_build_vit(weights, size), weights, path))
    about = dict(licence=LICENCES["teacher"], source=provenance(path), **_logits(everything))
    return teacher(backbone, size, MEAN, DEVIATION, resize_rule="bilinear-antialias", **about)


def _teacher_checkpoint(path):
    checkpoint = read_checkpoint(path)
    if not isinstance(checkpoint.get("teacher"), dict):
        return read_weights(path)
    # DINO's full checkpoint: its authors evaluate the teacher
    return {name: value.float() for name, value in checkpoint["teacher"].items()}


def _backbone(weights, path):
    for prefix in ("module.", "backbone."):
        weights = without_prefix(weights, prefix) or weights
    weights = {name: value for name, value in weights.items() if not name.startswith(("head.", "fc_norm."))}
    for name in ("patch_embed.proj.weight", "pos_embed", "cls_token", "blocks.0.attn.qkv.weight"):
        if name not in weights:
            found = f"has no tensor {name}"
            raise refusal(path, found, "a ViT in the layout of timm or of DINO", "Use dino_vitbase16_pretrain.pth.")
    return weights


def _logits(weights):
    """logit_scale and logit_bias of a PMF checkpoint; empty for other files."""
    names = {"logit_scale": "scale_cls", "logit_bias": "bias"}
    return {fact: float(weights[name]) for fact, name in names.items() if "scale_cls" in weights and name in weights}


def _build_vit(weights, size):
    from timm.models.vision_transformer import VisionTransformer

    width = weights["cls_token"].shape[-1]
    depth = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blocks."))
    return VisionTransformer(
        img_size=size,
        patch_size=weights["patch_embed.proj.weight"].shape[-1],
        embed_dim=width,
        depth=depth,
        num_heads=width // HEAD_WIDTH,
        mlp_ratio=weights["blocks.0.mlp.fc1.weight"].shape[0] / width,
        num_classes=0,
    )


def resized_positions(positions, grid):
    """Position table [1, 1 + n*n, D] -> [1, 1 + grid*grid, D]; that of the class token is kept. As DINO's code
    does it: bicubic by a scale factor for grid + 0.1, which differs from resizing to a size."""
    side = round((positions.shape[1] - 1) ** 0.5)
    if side == grid:
        return positions
    table = positions[:, 1:].unflatten(1, (side, side)).permute(0, 3, 1, 2)
    factor = (grid + 0.1) / side
    table = functional.interpolate(table, scale_factor=(factor, factor), mode="bicubic")
    return torch.cat([positions[:, :1], table.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)


def read_inception(path):
    """The first three convolutions of pytorch-fid's network: the features of FID with 64 dimensions."""
    weights = read_weights(path)
    stem = wrappers.InceptionStem()
    own = {}
    for index, layer in enumerate(("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3")):
        own[f"layers.{3 * index}.weight"] = weights.get(f"{layer}.conv.weight")
        for name in ("weight", "bias", "running_mean", "running_var"):
            own[f"layers.{3 * index + 1}.{name}"] = weights.get(f"{layer}.bn.{name}")
        own[f"layers.{3 * index + 1}.num_batches_tracked"] = torch.tensor(0)
    own = {name: value for name, value in own.items() if value is not None}
    return inception(load_into(stem, own, path), licence=LICENCES["inception"], source=provenance(path))


def read_clip(folder):
    """CLIP's two towers from a transformers folder (config.json and model.safetensors or pytorch_model.bin)."""
    from transformers import CLIPConfig, CLIPModel

    if not require(folder, "Give a transformers folder.").is_dir():
        raise refusal(
            folder, "is not a directory", "a transformers folder with config.json", "Give the folder of the model."
        )
    config = read_json(folder / "config.json")
    if config.get("model_type") != "clip":
        found = f"model_type is {config.get('model_type')!r}"
        raise refusal(folder / "config.json", found, "'clip'", "Use openai/clip-vit-base-patch32.")
    names = ("model.safetensors", "pytorch_model.bin")
    path = next((folder / name for name in names if (folder / name).exists()), folder / names[0])
    weights = {k: v for k, v in read_weights(path).items() if not k.endswith("position_ids")}
    module = load_into(CLIPModel(CLIPConfig.from_dict(config)), weights, path)
    return clip(wrappers.Clip(module), licence=LICENCES["clip"], source=provenance(path))
