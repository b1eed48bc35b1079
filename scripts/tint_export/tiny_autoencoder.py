# SPDX-License-Identifier: Apache-2.0
"""A small AutoencoderKL that encodes images: its weights are set explicitly or solved for, not trained.

Every residual block passes its input on; the encoder's strided convolutions average 2x2 pixels three times, and the
latents are four numbers for each 8x8 block: brightness, two colour differences, and the brightness of the block half a
block further right and down. The decoder's convolutions after each upsampling, and its last one, are least-squares fits
of the image at that resolution. All other weights are random and seeded, and give those fits additional features.

Signals pass the group normalisation and SiLU before the last convolutions as pairs: in a group of channels
[s, -s, K, -K] with constant K the mean is 0 and the deviation nearly constant, and silu(a) - silu(-a) = a.
"""

import torch
from torch.nn import functional

from .least_squares import capture_input, fit_convolution

CHANNELS = 16  # on every level; 4 groups of [s, -s, K, -K]
LATENTS = 4
CONSTANT = 3.0  # K, large against signals in -1..1
LATENT_GAIN = 4.0  # the latents' deviation is far from 1, as in Stable Diffusion
KEPT = 8  # decoder channels that residual blocks do not change: 3 colours, 4 latents, the constant 1
COLOURS = [[0.299, 0.587, 0.114], [0.75, -0.6, -0.15], [-0.3, -0.5, 0.8]]  # brightness and two differences


def build(image_size):
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(CHANNELS,) * 4,
        layers_per_block=1,
        latent_channels=LATENTS,
        norm_num_groups=4,
        sample_size=image_size,
    )


def _residual_blocks(half):
    for name, module in half.named_modules():
        if type(module).__name__ == "ResnetBlock2D":
            yield name, module


def _zero(convolution):
    convolution.weight.zero_()
    convolution.bias.zero_()


def _write_pairs(convolution, weights):
    """Makes a convolution output [s, -s, K, -K] for each of four signals s = weights[i] * input; weights
    [4, in, 3, 3]."""
    _zero(convolution)
    for i, weight in enumerate(weights):
        convolution.weight[4 * i] = weight
        convolution.weight[4 * i + 1] = -weight
        convolution.bias[4 * i + 2 : 4 * i + 4] = torch.tensor([CONSTANT, -CONSTANT])


def _open_norm(norm):
    """Undoes the deviation of a group [s, -s, K, -K], which is about K / sqrt 2."""
    norm.weight.fill_(CONSTANT / 2**0.5)
    norm.bias.zero_()


def _pass_attention(half):
    for attention in half.mid_block.attentions:
        attention.to_out[0].weight.mul_(0.01)
        attention.to_out[0].bias.zero_()


def write_encoder(encoder, quant_conv):
    """Sets the weights of the encoder: pixels to block means to latents."""
    for _, block in _residual_blocks(encoder):
        block.conv2.weight.mul_(0.01)
        block.conv2.bias.zero_()
    _pass_attention(encoder)
    conv_in = encoder.conv_in
    _zero(conv_in)
    conv_in.weight[range(3), range(3), 1, 1] = 1
    samplers = [block.downsamplers[0].conv for block in encoder.down_blocks[:3]]
    for sampler in samplers[:2]:
        _zero(sampler)
        for colour in range(3):
            sampler.weight[colour, colour, :2, :2] = 0.25
    mix = torch.zeros(
        4, CHANNELS, 3, 3
    )  # taps 0 and 1 are the block itself, taps 1 and 2 the block half a step further
    for latent, colours in enumerate([*COLOURS, COLOURS[0]]):
        taps = slice(1, 3) if latent == 3 else slice(0, 2)
        mix[latent, :3, taps, taps] = torch.tensor(colours)[:, None, None] / 4
    _write_pairs(samplers[2], mix)
    _open_norm(encoder.conv_norm_out)
    _zero(encoder.conv_out)
    for latent in range(LATENTS):
        encoder.conv_out.weight[latent, 4 * latent, 1, 1] = LATENT_GAIN
        encoder.conv_out.weight[latent, 4 * latent + 1, 1, 1] = -LATENT_GAIN
    quant_conv.weight.copy_(torch.eye(2 * LATENTS)[:, :, None, None])
    quant_conv.bias.zero_()


def _keep_channels(decoder):
    """Residual blocks add random features to the channels from KEPT on; those of the last level are nearly zero."""
    for name, block in _residual_blocks(decoder):
        block.conv2.weight[:KEPT].zero_()
        block.conv2.bias[:KEPT].zero_()
        if name.startswith("up_blocks.3"):
            block.conv2.weight.mul_(0.01)
            block.conv2.bias.zero_()
    _pass_attention(decoder)


def _pass_latents(convolution):
    convolution.weight[3:KEPT].zero_()
    convolution.bias[3:KEPT].zero_()
    for channel in range(3, KEPT):
        convolution.weight[channel, channel, 1, 1] = 1


def write_decoder(vae, latents, images):
    """Sets and fits the decoder level by level, so that decode(latents) approximates images (in -1..1)."""
    decoder = vae.decoder
    vae.post_quant_conv.weight.copy_(torch.eye(LATENTS)[:, :, None, None])
    vae.post_quant_conv.bias.zero_()
    _keep_channels(decoder)
    conv_in = decoder.conv_in
    conv_in.weight[:KEPT].zero_()
    conv_in.bias[:KEPT].zero_()
    for latent in range(LATENTS):
        conv_in.weight[3 + latent, latent, 1, 1] = 1 / LATENT_GAIN
    conv_in.bias[KEPT - 1] = 1

    def decode():
        vae.decode(latents)

    for level in range(3):
        convolution = decoder.up_blocks[level].upsamplers[0].conv
        inputs = capture_input(convolution, decode)
        weight, bias = fit_convolution(inputs, functional.adaptive_avg_pool2d(images, inputs.shape[-1]))
        if level < 2:
            _pass_latents(convolution)
            convolution.weight[:3], convolution.bias[:3] = weight, bias
        else:
            signals = torch.cat([weight, convolution.weight[KEPT : KEPT + 1]])
            _write_pairs(convolution, signals)
            for colour in range(3):
                convolution.bias[4 * colour] = bias[colour]
                convolution.bias[4 * colour + 1] = -bias[colour]
    _open_norm(decoder.conv_norm_out)
    weight, bias = fit_convolution(capture_input(decoder.conv_out, decode), images)
    decoder.conv_out.weight.copy_(weight)
    decoder.conv_out.bias.copy_(bias)


@torch.no_grad()
def fit(vae, images):
    """Sets the weights of `vae`; images [N, 3, S, S] in 0..1. Returns the scale factor, which gives the latents unit
    deviation."""
    signed = images * 2 - 1
    write_encoder(vae.encoder, vae.quant_conv)
    latents = vae.quant_conv(vae.encoder(signed)).chunk(2, dim=1)[0]
    write_decoder(vae, latents, signed)
    return round(1 / float(latents.std()), 6)
