"""A small text encoder and U-Net that work together: the U-Net removes noise, and heeds its prompt.

Purely random weights are no denoiser, and null-text inversion diverges on them. Here all weights are seeded random
numbers
but for one linear path, written down, on which the noisy latents reach the last convolution unharmed by group
normalisation (pairs [s, -s, K, -K], as in tiny_autoencoder.py), and for the last convolution itself: the least-squares
fit of the noise in drawn pictures' noisy latents. So that prompts mean something, the pictures' colours are shifted by
what the prompt's context holds, and the fit finds that.
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
PROMPT_EFFECT = 4e-4  # mean square of what a prompt changes in the noise
# "a photo of an", and ids that end a prompt with one word
TEXT = dict(prompt=[320, 1125, 539, 550], words=(512, 49406))
TINT = 0.35  # share of a picture's latents that its prompt decides
WEIGHT_BOUND = 50.0
WITHOUT_PROMPT = 0.3  # share of pictures shown with the empty prompt


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
    for layer in model.encoder.modules():  # CLIP's own start is so quiet that no token hears another
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
        attention_head_dim=2,  # diffusers means the number of heads
        norm_num_groups=8,
    ).eval()


def noise_levels():
    """Cumulative products of alpha of Stable Diffusion 1.x ("scaled linear"; method.md S1)."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, wrappers.TRAIN_TIMESTEPS, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float()


def write_linear_path(unet):
    """Lets the noisy latents through: conv_in -> first skip connection -> last residual block -> last convolution."""
    conv_in, last = unet.conv_in, unet.up_blocks[-1]
    conv_in.weight[:PAIRED].zero_()
    conv_in.bias[:PAIRED].zero_()
    for i in range(LATENTS):
        conv_in.weight[4 * i, i, 1, 1] = 1
        conv_in.weight[4 * i + 1, i, 1, 1] = -1
        conv_in.bias[4 * i + 2 : 4 * i + 4] = torch.tensor([CONSTANT, -CONSTANT])
    block, attention = last.resnets[-1], last.attentions[-1]
    shortcut = block.conv_shortcut
    before = shortcut.in_channels - conv_in.out_channels  # the skip connection comes behind these
    for layer in (shortcut, block.conv2, attention.proj_out):
        layer.weight[:PAIRED].zero_()
        layer.bias[:PAIRED].zero_()
    for channel in range(PAIRED):
        shortcut.weight[channel, before + channel] = 1


def picture_weights(level):
    """How much an error of the noise matters to the picture (z - sqrt(1 - level) noise) / sqrt(level), squared;
    bounded, or
    the last timesteps would decide alone."""
    return ((1 - level) / level).clamp(max=WEIGHT_BOUND)


class Prompts:
    """Contexts of "a photo of an X" for random words X, and the tint that each context means."""

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
        self.tints = (projected / projected.std(dim=0))[:, :, None, None]


def noisy_batch(latents, prompts, levels, generator):
    """Tinted latents with noise at random timesteps: (noisy, timesteps, contexts, noise)."""
    count = len(latents)
    chosen = torch.randint(len(prompts.contexts), (count,), generator=generator)
    clean = (1 - TINT**2) ** 0.5 * latents + TINT * prompts.tints[chosen]
    noise = torch.randn(latents.shape, generator=generator)
    timesteps = torch.randint(len(levels), (count,), generator=generator)
    level = levels[timesteps][:, None, None, None]
    contexts = prompts.contexts[chosen].clone()
    contexts[torch.rand(count, generator=generator) < WITHOUT_PROMPT] = prompts.empty
    return level.sqrt() * clean + (1 - level).sqrt() * noise, timesteps, contexts, noise


def prompt_effect(denoiser, latents, prompts, levels, generator):
    """Mean square of what a prompt changes in the predicted noise, against the empty prompt: what guidance
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
        collected.add(inputs, noise, picture_weights(levels[timesteps]))
    weight, bias = collected.solve()
    last.weight.copy_(weight)
    last.bias.copy_(bias)


def scale_attention(unet, gain):
    for name, layer in unet.named_modules():
        if name.endswith("attn2.to_v"):
            layer.weight.mul_(gain)


@torch.no_grad()
def fit(denoiser, encoder, latents, seed, rounds=6):
    """Fits the last convolution of `denoiser` (wrappers.Denoiser) on scaled latents [N, 4, h, w] of pictures, and
    sets how
    loud prompts are: guidance multiplies their effect by seven and more, and the loop must stay in bounds."""
    generator = torch.Generator().manual_seed(seed)
    write_linear_path(denoiser.unet)
    prompts, levels = Prompts(encoder, 256, generator), noise_levels()
    for _ in range(2):
        fit_last_convolution(denoiser, latents, prompts, levels, generator, rounds=1)
        effect = prompt_effect(denoiser, latents[:128], prompts, levels, generator)
        scale_attention(denoiser.unet, (PROMPT_EFFECT / effect) ** 0.5)
    fit_last_convolution(denoiser, latents, prompts, levels, generator, rounds)
