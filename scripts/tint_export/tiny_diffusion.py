# SPDX-License-Identifier: Apache-2.0
"""A small text encoder and U-Net that work together: the U-Net removes noise and follows its prompt.

Purely random weights do not denoise, and null-text inversion diverges on them. Here all weights are seeded random
numbers with two exceptions: a linear path, set explicitly, carries the noisy latents to the last convolution unchanged
by group normalisation (pairs [s, -s, K, -K], as in tiny_autoencoder.py), and the last convolution is the least-squares
fit of the noise in noisy latents of synthetic images. To give prompts a meaning, the images' colours are shifted
depending on the prompt's context, and the fit learns that shift.
"""

import torch
from torch import nn

from . import wrappers
from .least_squares import ConvolutionFit, capture_input
from .tokenizer import END_ID, START_ID

WIDTH, LENGTH, VOCABULARY = 32, 77, 49408
LATENTS = 4
PAIRED = 4 * LATENTS  # channels of the linear path: [s, -s, K, -K] for each latent channel
CONSTANT = 3.0
PROMPT_EFFECT = 4e-4  # mean square of the change of the noise by a prompt
# "a photo of an", and the range of ids for the last word
TEXT = dict(prompt=[320, 1125, 539, 550], words=(512, 49406))
SHIFT = 0.35  # share of an image's latents that depends on its prompt
WEIGHT_BOUND = 50.0
WITHOUT_PROMPT = 0.3  # share of images with the empty prompt


def build_text_encoder():
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        projection_dim=WIDTH,
        bos_token_id=START_ID,
        eos_token_id=END_ID,
    )
    model = CLIPTextModel(config).eval()
    for layer in model.encoder.modules():  # with CLIP's small initial weights, tokens barely influence each other
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
    return model


def build_unet(sample_size):
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=sample_size,
        in_channels=LATENTS,
        out_channels=LATENTS,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(32, 48),
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        attention_head_dim=2,  # the number of heads, in diffusers
        norm_num_groups=8,
    ).eval()


def noise_levels():
    """Cumulative products of alpha of Stable Diffusion 1.x ("scaled linear"; arXiv 2112.10752)."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, wrappers.TRAIN_TIMESTEPS, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float()


def write_linear_path(unet):
    """Passes the noisy latents on: conv_in -> first skip connection -> last residual block -> last convolution."""
    conv_in, last = unet.conv_in, unet.up_blocks[-1]
    conv_in.weight[:PAIRED].zero_()
    conv_in.bias[:PAIRED].zero_()
    for i in range(LATENTS):
        conv_in.weight[4 * i, i, 1, 1] = 1
        conv_in.weight[4 * i + 1, i, 1, 1] = -1
        conv_in.bias[4 * i + 2 : 4 * i + 4] = torch.tensor([CONSTANT, -CONSTANT])
    block, attention = last.resnets[-1], last.attentions[-1]
    shortcut = block.conv_shortcut
    before = shortcut.in_channels - conv_in.out_channels  # the skip connection comes after these
    for layer in (shortcut, block.conv2, attention.proj_out):
        layer.weight[:PAIRED].zero_()
        layer.bias[:PAIRED].zero_()
    for channel in range(PAIRED):
        shortcut.weight[channel, before + channel] = 1


def image_weights(level):
    """Squared effect of an error of the noise on the image (z - sqrt(1 - level) noise) / sqrt(level); bounded, because
    the last timesteps would dominate otherwise."""
    return ((1 - level) / level).clamp(max=WEIGHT_BOUND)


class Prompts:
    """Contexts of "a photo of an X" for random words X, and the colour shift of each context."""

    def __init__(self, encoder, count, generator):
        words = torch.randint(*TEXT["words"], (count,), generator=generator)
        ids = torch.full((count, LENGTH), END_ID)
        ids[:, 0] = START_ID
        ids[:, 1:5] = torch.tensor(TEXT["prompt"])
        ids[:, 5] = words
        self.contexts = encoder(encoder.embed(ids))
        empty = torch.full((1, LENGTH), END_ID)
        empty[:, 0] = START_ID
        self.empty = encoder(encoder.embed(empty))
        pooled = self.contexts.mean(dim=1)
        centred = pooled - pooled.mean(dim=0)
        _, _, axes = torch.linalg.svd(centred, full_matrices=False)
        projected = centred @ axes[:LATENTS].T
        self.shifts = (projected / projected.std(dim=0))[:, :, None, None]


def noisy_batch(latents, prompts, levels, generator):
    """Colour-shifted latents with noise at random timesteps: (noisy, timesteps, contexts, noise)."""
    count = len(latents)
    chosen = torch.randint(len(prompts.contexts), (count,), generator=generator)
    clean = (1 - SHIFT**2) ** 0.5 * latents + SHIFT * prompts.shifts[chosen]
    noise = torch.randn(latents.shape, generator=generator)
    timesteps = torch.randint(len(levels), (count,), generator=generator)
    level = levels[timesteps][:, None, None, None]
    contexts = prompts.contexts[chosen].clone()
    contexts[torch.rand(count, generator=generator) < WITHOUT_PROMPT] = prompts.empty
    return level.sqrt() * clean + (1 - level).sqrt() * noise, timesteps, contexts, noise


def prompt_effect(denoiser, latents, prompts, levels, generator):
    """Mean squared difference of the predicted noise with a prompt and with the empty prompt, which guidance
    amplifies."""
    noisy, timesteps, _, _ = noisy_batch(latents, prompts, levels, generator)
    contexts = prompts.contexts[: len(latents)]
    empty = prompts.empty.expand_as(contexts)
    return float((denoiser(noisy, timesteps, contexts) - denoiser(noisy, timesteps, empty)).square().mean())


def fit_last_convolution(denoiser, latents, prompts, levels, generator, rounds):
    last = denoiser.unet.conv_out
    collected = ConvolutionFit(last.in_channels, LATENTS)
    for _ in range(rounds):
        noisy, timesteps, contexts, noise = noisy_batch(latents, prompts, levels, generator)
        inputs = capture_input(last, lambda: denoiser(noisy, timesteps, contexts))
        collected.add(inputs, noise, image_weights(levels[timesteps]))
    weight, bias = collected.solve()
    last.weight.copy_(weight)
    last.bias.copy_(bias)


def scale_attention(unet, gain):
    for name, layer in unet.named_modules():
        if name.endswith("attn2.to_v"):
            layer.weight.mul_(gain)


@torch.no_grad()
def fit(denoiser, encoder, latents, seed, rounds=6):
    """Fits the last convolution of `denoiser` (wrappers.Denoiser) to scaled latents [N, 4, h, w] of images, and sets
    the strength of prompts: guidance multiplies their effect by seven or more, and the sampling loop must stay
    bounded."""
    generator = torch.Generator().manual_seed(seed)
    write_linear_path(denoiser.unet)
    prompts, levels = Prompts(encoder, 256, generator), noise_levels()
    for _ in range(2):
        fit_last_convolution(denoiser, latents, prompts, levels, generator, rounds=1)
        effect = prompt_effect(denoiser, latents[:128], prompts, levels, generator)
        scale_attention(denoiser.unet, (PROMPT_EFFECT / effect) ** 0.5)
    fit_last_convolution(denoiser, latents, prompts, levels, generator, rounds)
