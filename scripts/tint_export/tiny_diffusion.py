"""A small text encoder and U-Net that work together: the U-Net removes noise, and heeds its prompt.

Purely random weights are no denoiser, and null-text inversion diverges on them. Here all weights are seeded random numbers
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
ATTENTION_GAIN = 2.0  # of values and outputs of cross-attention over the library's initial weights
TEXT = dict(prompt=[320, 1125, 539, 550], words=(512, 49406))  # "a photo of an", and ids that end a prompt with one word
TINT = 0.7  # share of a picture's latents that its prompt decides
WITHOUT_PROMPT = 0.15  # share of pictures shown with the empty prompt


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
    for name, layer in unet.named_modules():
        if name.endswith(("attn2.to_v", "attn2.to_out.0")):
            layer.weight.mul_(ATTENTION_GAIN)


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


@torch.no_grad()
def fit(denoiser, encoder, latents, seed, rounds=6):
    """Fits the last convolution of `denoiser` (wrappers.Denoiser) on scaled latents [N, 4, h, w] of pictures."""
    generator = torch.Generator().manual_seed(seed)
    unet = denoiser.unet
    write_linear_path(unet)
    prompts, levels = Prompts(encoder, 256, generator), noise_levels()
    last = unet.conv_out
    collected = ConvolutionFit(last.in_channels, LATENTS)
    for _ in range(rounds):
        noisy, timesteps, contexts, noise = noisy_batch(latents, prompts, levels, generator)
        collected.add(capture_input(last, lambda: denoiser(noisy, timesteps, contexts)), noise)
    weight, bias = collected.solve()
    last.weight.copy_(weight)
    last.bias.copy_(bias)
