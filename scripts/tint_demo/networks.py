"""The world's networks: Stable Diffusion's architecture at small width, an upscaler, a teacher and a judge."""

import torch
from torch import nn
from torch.nn import functional

from .world import LENGTH, SIDE

LATENTS, FACTOR = 4, 8
TEXT_WIDTH = 96


def autoencoder():
    from diffusers import AutoencoderKL

    widths = (16, 24, 48, 64)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * len(widths),
        up_block_types=("UpDecoderBlock2D",) * len(widths),
        block_out_channels=widths,
        layers_per_block=1,
        latent_channels=LATENTS,
        norm_num_groups=8,
        sample_size=SIDE,
    )


def unet():
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=SIDE // FACTOR,
        in_channels=LATENTS,
        out_channels=LATENTS,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(64, 96),
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,  # diffusers means the number of heads
        norm_num_groups=16,
    )


class SmallText(nn.Module):
    """CLIP's text encoder with vectors for the tokens that prompts of this world hold; all others share one, so that
    49,408 ids need no 49,408 vectors. The interface is tint_export.wrappers.TextEncoder's."""

    def __init__(self, used, vocabulary):
        from transformers import CLIPTextConfig, CLIPTextModel

        super().__init__()
        rows = torch.zeros(vocabulary, dtype=torch.int16)  # row 0: a token that was never seen
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
    """Adds detail to the bilinear enlargement by 2, after Shi et al. 2016 (sub-pixel convolution)."""

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
    """A residual network for pictures of 32 x 32; `features` [B, D] are what a teacher gives."""

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
    """What is exported of a Classifier."""

    def __init__(self, classifier):
        super().__init__()
        self.backbone, self.width = classifier.backbone, classifier.feature_width()

    def feature_width(self):
        return self.width

    def forward(self, image):
        return self.backbone(image).mean((2, 3))


class FidFeatures(nn.Module):
    """forward(image [B, 3, H, W] in 0..1) -> [B, D], the judge's; in the place of Inception's."""

    def __init__(self, judge, side, mean, deviation):
        super().__init__()
        self.features, self.side = Features(judge), side
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None])

    def forward(self, image):
        image = functional.interpolate(image, size=(self.side, self.side), mode="bilinear", align_corners=False)
        return self.features((image - self.mean) / self.deviation)


