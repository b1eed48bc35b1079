# SPDX-License-Identifier: Apache-2.0
"""The networks: Stable Diffusion's architecture at small width, an upscaler, a teacher and a judge."""

import torch
from torch import nn
from torch.nn import functional

from .dataset import LENGTH, SIDE

LATENTS, FACTOR = 8, 8
TEXT_WIDTH = 96


class WithLinear(nn.Module):
    """A network plus a linear map of its input. The map is initialised with the principal components of patches
    (`init_linear`): colours pass through from the first step on, and the network learns the residual. The mean squared
    error is 0.012 after 600 steps; without the maps it is 0.038 after 3,000. Chen et al. 2024 (DC-AE, arXiv 2410.10733)
    use such a shortcut around each stage."""

    def __init__(self, network, linear):
        super().__init__()
        self.network, self.linear = network, linear

    def forward(self, value):
        return self.network(value) + self.linear(value)


def autoencoder():
    """Stable Diffusion's, with four changes: pixels of 2 x 2 places become channels (half the cost), the linear maps
    are added, each normalisation has one group (groups of few channels remove the colour), and there are eight latent
    channels instead of four."""
    from diffusers import AutoencoderKL

    widths, shuffle = (24, 48, 64), 2
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * len(widths),
        up_block_types=("UpDecoderBlock2D",) * len(widths),
        block_out_channels=widths,
        layers_per_block=1,
        latent_channels=LATENTS,
        norm_num_groups=1,
        sample_size=SIDE,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    places = 3 * shuffle**2
    vae.encoder.conv_in = nn.Sequential(nn.PixelUnshuffle(shuffle), nn.Conv2d(places, widths[0], 3, padding=1))
    vae.decoder.conv_out = nn.Sequential(nn.Conv2d(widths[0], places, 3, padding=1), nn.PixelShuffle(shuffle))
    vae.encoder = WithLinear(vae.encoder, nn.Conv2d(3, 2 * LATENTS, FACTOR, FACTOR))
    vae.decoder = WithLinear(vae.decoder, nn.ConvTranspose2d(LATENTS, 3, FACTOR, FACTOR))
    return vae


@torch.no_grad()
def init_linear(vae, images):
    """Sets the maps to the first principal components of patches of images [N, 3, S, S] in -1..1, and scales the
    networks' last layers down. Components are divided by the fourth root of their variances, which half equalises
    them."""
    patches = functional.unfold(images, FACTOR, stride=FACTOR).transpose(1, 2).flatten(0, 1)
    mean = patches.mean(0)
    variances, directions = torch.linalg.eigh(torch.cov((patches - mean).T))
    variances, directions = variances[-LATENTS:].flip(0), directions[:, -LATENTS:].flip(1).T
    directions = directions * directions.sum(1, keepdim=True).sign()
    scale = variances[:, None] ** 0.25
    to, back = vae.encoder.linear, vae.decoder.linear
    to.weight.zero_()
    to.weight[:LATENTS] = (directions / scale).view(LATENTS, 3, FACTOR, FACTOR)
    to.bias.zero_()
    to.bias[:LATENTS] = -(directions / scale) @ mean
    to.bias[LATENTS:] = -4  # log-variance
    back.weight.copy_((directions * scale).view(LATENTS, 3, FACTOR, FACTOR))
    back.bias.copy_(mean.view(3, -1).mean(1))
    for last in (vae.encoder.network.conv_out, vae.decoder.network.conv_out[0]):
        last.weight.mul_(0.1)
        last.bias.zero_()


def unet():
    """Every residual branch starts at zero (Dhariwal & Nichol 2021, arXiv 2105.05233), and groups have at least 16
    channels: after 280 steps the loss is 0.114; with diffusers' initialisation and groups of 4 channels it is 0.125."""
    from diffusers import UNet2DConditionModel

    model = UNet2DConditionModel(
        sample_size=SIDE // FACTOR,
        in_channels=LATENTS,
        out_channels=LATENTS,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(64, 96),
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,  # the number of heads, in diffusers
        norm_num_groups=4,
    )
    last = [module for name, module in model.named_modules() if name.endswith(("conv2", "proj_out", "conv_out"))]
    for module in last:
        nn.init.zeros_(module.weight)
        nn.init.zeros_(module.bias)
    return model


class SmallText(nn.Module):
    """CLIP's text encoder with vectors only for tokens that occur in the data set's prompts; all other tokens share one
    vector, which keeps the table small. The interface is that of tint_export.wrappers.TextEncoder."""

    def __init__(self, used, vocabulary):
        from transformers import CLIPTextConfig, CLIPTextModel

        super().__init__()
        rows = torch.zeros(vocabulary, dtype=torch.int16)  # row 0: a token that occurs in no prompt
        rows[used] = torch.arange(1, len(used) + 1, dtype=torch.int16)
        self.register_buffer("rows", rows)
        config = CLIPTextConfig(
            vocab_size=len(used) + 1,
            hidden_size=TEXT_WIDTH,
            intermediate_size=2 * TEXT_WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=LENGTH,
            projection_dim=TEXT_WIDTH,
        )
        self.text_model = CLIPTextModel(config)
        self.text_model.set_attn_implementation("sdpa")
        self.register_buffer("causal", torch.ones(LENGTH, LENGTH, dtype=torch.bool).tril()[None, None])
        nn.init.normal_(self.text_model.embeddings.token_embedding.weight, std=0.1)
        nn.init.normal_(self.text_model.embeddings.position_embedding.weight, std=0.1)

    def embed(self, ids):
        return self.text_model.embeddings.token_embedding(self.rows[ids].long())

    def forward(self, embeddings):
        hidden = embeddings + self.text_model.embeddings.position_embedding.weight
        hidden = self.text_model.encoder(inputs_embeds=hidden, attention_mask=self.causal).last_hidden_state
        return self.text_model.final_layer_norm(hidden)


class Upscaler(nn.Module):
    """Adds detail to bilinear enlargement by 2 (sub-pixel convolution: Shi et al. 2016, arXiv 1609.05158)."""

    FACTOR = 2

    def __init__(self, width=32, blocks=3):
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.SiLU(), nn.Conv2d(width, width, 3, padding=1), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1))
            for _ in range(blocks)
        )  # fmt: skip
        self.detail = nn.Conv2d(width, 3 * self.FACTOR**2, 3, padding=1)
        nn.init.zeros_(self.detail.weight)

    def forward(self, image):
        hidden = self.first(image - 0.5)
        for block in self.blocks:
            hidden = hidden + block(hidden)
        enlarged = functional.interpolate(image, scale_factor=self.FACTOR, mode="bilinear", align_corners=False)
        return enlarged + functional.pixel_shuffle(self.detail(hidden), self.FACTOR)


def convolution(inputs, outputs, stride=1):
    return [nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(*convolution(width, width), *convolution(width, width)[:2])

    def forward(self, image):
        return functional.relu(image + self.layers(image))


class Classifier(nn.Module):
    """A residual network for 32 x 32 images; `features` [B, D] are those of a teacher."""

    def __init__(self, classes, widths=(40, 72, 112)):
        super().__init__()
        layers, before = convolution(3, widths[0]), widths[0]
        for width in widths:
            layers += [*convolution(before, width, stride=1 if width == widths[0] else 2), Residual(width)]
            before = width
        self.backbone = nn.Sequential(*layers)
        self.head = nn.Linear(before, classes)

    def feature_width(self):
        return self.head.in_features

    def features(self, image):
        return self.backbone(image).mean((2, 3))

    def forward(self, image):
        return self.head(self.features(image))


class Features(nn.Module):
    """The part of a Classifier that is exported."""

    def __init__(self, classifier):
        super().__init__()
        self.backbone, self.width = classifier.backbone, classifier.feature_width()

    def feature_width(self):
        return self.width

    def forward(self, image):
        return self.backbone(image).mean((2, 3))


class FidFeatures(nn.Module):
    """forward(image [B, 3, H, W] in 0..1) -> features [B, D] of a Classifier, used instead of Inception's."""

    def __init__(self, classifier, side, mean, deviation):
        super().__init__()
        self.features, self.side = Features(classifier), side
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None])

    def forward(self, image):
        image = functional.interpolate(image, size=(self.side, self.side), mode="bilinear", align_corners=False)
        return self.features((image - self.mean) / self.deviation)
