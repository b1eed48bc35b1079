# SPDX-License-Identifier: Apache-2.0
"""Sets of seeded random weights in the architecture of Stable Diffusion 1.x: `bench` for speed, `sd15` for memory.

They do not denoise, but take the same time and memory as trained weights. modules() returns the same modules as plain
diffusers and transformers objects, so that other programs can do the same work (scripts/bench_peers.py).
"""

import dataclasses
import types

import torch

from . import wrappers
from .models import autoencoder, denoiser, text_encoder
from .tokenizer import END_ID, START_ID

LICENCE = "Apache-2.0"


@dataclasses.dataclass(frozen=True)
class Size:
    """`unet` and `vae` list the widths from the outermost level inwards; a latent has `sample` x `sample` cells."""

    unet: tuple
    vae: tuple
    sample: int
    context: int
    text_layers: int
    text_heads: int

    def image(self):
        return self.sample * 2 ** (len(self.vae) - 1)


SIZES = {
    "bench": Size((64, 128, 256, 256), (32, 64, 128, 128), sample=16, context=256, text_layers=6, text_heads=4),
    "sd15": Size((320, 640, 1280, 1280), (128, 256, 512, 512), sample=64, context=768, text_layers=12, text_heads=12),
}
SCALE_FACTOR = 0.18215  # Stable Diffusion 1.x (arXiv 2112.10752)


def unet_config(size):
    return dict(
        sample_size=size.sample,
        in_channels=4,
        out_channels=4,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        block_out_channels=size.unet,
        layers_per_block=2,
        cross_attention_dim=size.context,
        attention_head_dim=8,  # the number of heads, in diffusers
    )


def vae_config(size):
    levels = len(size.vae)
    return dict(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=size.vae,
        layers_per_block=2,
        latent_channels=4,
        sample_size=size.image(),
        scaling_factor=SCALE_FACTOR,
    )


def text_config(size):
    return dict(
        vocab_size=49408,
        hidden_size=size.context,
        intermediate_size=4 * size.context,
        num_hidden_layers=size.text_layers,
        num_attention_heads=size.text_heads,
        max_position_embeddings=77,
        projection_dim=size.context,
        hidden_act="quick_gelu",
        bos_token_id=START_ID,
        eos_token_id=END_ID,
    )


def build_unet(size):
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(**unet_config(size)).eval()


def build_vae(size):
    from diffusers import AutoencoderKL

    return AutoencoderKL(**vae_config(size)).eval()


def build_text_encoder(size):
    from transformers import CLIPTextConfig, CLIPTextModel

    return CLIPTextModel(CLIPTextConfig(**text_config(size))).eval()


def _seeded(build, name, seed, offset):
    torch.manual_seed(1000 * seed + offset)
    return build(SIZES[name])


def modules(seed, size="bench"):
    """unet, vae and text_encoder as diffusers and transformers build them, with the weights of `--size bench`."""
    return types.SimpleNamespace(
        unet=_seeded(build_unet, size, seed, 1),
        vae=_seeded(build_vae, size, seed, 2),
        text_encoder=_seeded(build_text_encoder, size, seed, 3),
    )


def models(seed, size):
    """Yields the set's models (archive.Model) one by one, so that one at a time is in memory."""
    about = dict(licence=LICENCE, source=f"scripts/export_models.py --size {size} --seed {seed}")
    vae = wrappers.Autoencoder(_seeded(build_vae, size, seed, 2))
    yield autoencoder(vae, SCALE_FACTOR, SIZES[size].image(), **about)
    del vae
    yield text_encoder(wrappers.TextEncoder(_seeded(build_text_encoder, size, seed, 3)), **about)
    yield denoiser(wrappers.Denoiser(_seeded(build_unet, size, seed, 1), "epsilon"), **about)
