# SPDX-License-Identifier: Apache-2.0
"""Small networks for the roles whose input is an image: upscaler, teacher, FID features. Seeded weights and fits."""

import torch
from torch import nn
from torch.nn import functional

from . import wrappers
from .least_squares import capture_input, fit_convolution

FACTOR = 4


class UpscalerNetwork(nn.Module):
    """Adds detail to the bilinear enlargement: two convolutions and a pixel shuffle, instead of HAT."""

    def __init__(self, width=16):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1), nn.SiLU()
        )
        self.detail = nn.Conv2d(width, 3 * FACTOR**2, 3, padding=1)

    def forward(self, image):
        enlarged = functional.interpolate(image, scale_factor=FACTOR, mode="bilinear", align_corners=False)
        return enlarged + functional.pixel_shuffle(self.detail(self.features(image - 0.5)), FACTOR)


@torch.no_grad()
def build_upscaler(images):
    """The last convolution is the least-squares fit of the error of bilinear enlargement of reduced `images`."""
    network = UpscalerNetwork().eval()
    small = functional.avg_pool2d(images, FACTOR)
    enlarged = functional.interpolate(small, scale_factor=FACTOR, mode="bilinear", align_corners=False)
    missing = functional.pixel_unshuffle(images - enlarged, FACTOR)
    weight, bias = fit_convolution(capture_input(network.detail, lambda: network(small)), missing)
    network.detail.weight.copy_(weight)
    network.detail.bias.copy_(bias)
    return network


@torch.no_grad()
def build_teacher(normalised):
    """A ViT; its last norm is set so that features of `normalised` [N, 3, S, S] have mean 0 and deviation 1."""
    from transformers import ViTConfig, ViTModel

    config = ViTConfig(
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=normalised.shape[-1],
        patch_size=8,
    )
    vit = ViTModel(config, add_pooling_layer=False).eval()
    for layer in vit.modules():  # with the library's small initial weights, the class token is the same for all images
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
    nn.init.normal_(vit.embeddings.patch_embeddings.projection.weight, std=(3 * 8 * 8) ** -0.5)
    features = wrappers.Backbone(vit)(normalised)
    vit.layernorm.weight.copy_(1 / features.std(dim=0))
    vit.layernorm.bias.copy_(-features.mean(dim=0) / features.std(dim=0))
    return vit


@torch.no_grad()
def build_inception(images):
    """Random convolutions; the batch norms have the statistics of `images`."""
    stem = wrappers.InceptionStem()
    for layer in stem.layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None  # the plain mean over the batches seen
    stem.train()
    stem(images)
    return stem.eval()
