# SPDX-License-Identifier: Apache-2.0
"""Roles: the methods that are traced and probed, their inputs, and the facts in models.json.

Facts are read from the modules, so that these functions work for every size."""

import torch

from .archive import Model
from .probes import Input
from .tiny_vision import FACTOR as UPSCALING

PROBED_SIDE = 64  # pixels of the image that an autoencoder's spatial factor is measured with


def denoiser(module, length=77, **about):
    config = module.unet.config
    channels, side = config.in_channels, config.sample_size
    width = config.cross_attention_dim

    def inputs(batch, size):
        return [
            Input([batch, channels, size, size], -1, 1),
            Input([batch], 0, 999, "int64"),
            Input([batch, length, width], -1, 1),
        ]

    facts = dict(sample_size=side, latent_channels=channels, context_length=length, context_width=width)
    facts["prediction_type"] = "epsilon"  # the only type that wrappers.Denoiser accepts
    return Model("denoiser", module, {"forward": inputs(2, min(side, 16))}, inputs(1, side), facts, **about)


def autoencoder(module, scale_factor, image_size, **about):
    config = module.vae.config
    with torch.no_grad():
        factor = PROBED_SIDE // module.encode(torch.zeros(1, 3, PROBED_SIDE, PROBED_SIDE)).shape[-1]
    cells = min(8, image_size // factor)
    image = Input([1, 3, cells * factor, cells * factor], -1, 1)
    latents = Input([1, config.latent_channels, cells, cells], -1, 1)
    facts = dict(scale_factor=scale_factor, image_size=image_size, spatial_factor=factor)
    methods = {"encode": [image], "decode": [latents], "moments": [image]}
    return Model("autoencoder", module, methods, [image.resized(side=image_size)], facts, **about)


def text_encoder(module, vocabulary_size=None, **about):
    config = module.text_model.config
    vocabulary_size = vocabulary_size or config.vocab_size
    length, width = config.max_position_embeddings, config.hidden_size
    embeddings = Input([1, length, width], -1, 1)
    ids = Input([1, length], 0, vocabulary_size - 1, "int64")
    facts = dict(embedding_width=width, context_width=width, context_length=length, vocabulary_size=vocabulary_size)
    return Model("text_encoder", module, {"forward": [embeddings], "embed": [ids]}, [embeddings], facts, **about)


def upscaler(module, factor=UPSCALING, side_multiple=1, **about):
    image = Input([1, 3, 96, 96])  # the input of super-resolution (paper section 3.1)
    facts = dict(factor=factor, side_multiple=side_multiple)
    return Model("upscaler", module, {"forward": [image]}, [image], facts, **about)


def teacher(module, input_size, mean, std, resize_rule="bilinear", logit_scale=10.0, logit_bias=0.0, **about):
    image = Input([2, 3, input_size, input_size], -2, 2)
    facts = dict(
        input_size=input_size,
        resize_rule=resize_rule,
        mean=mean,
        std=std,
        feature_width=module.feature_width(),
        logit_scale=logit_scale,
        logit_bias=logit_bias,
    )
    return Model("teacher", module, {"forward": [image]}, [image.resized(batch=1)], facts, **about)


def inception(module, feature_width=64, **about):
    image = Input([1, 3, 299, 299])
    return Model("inception", module, {"forward": [image]}, [image], dict(feature_width=feature_width), **about)


def clip(module, **about):
    text, vision = module.clip.config.text_config, module.clip.config.vision_config
    image = Input([1, 3, vision.image_size, vision.image_size], -2, 2)
    ids = Input([1, text.max_position_embeddings], 0, text.vocab_size - 1, "int64")
    facts = dict(
        input_size=vision.image_size,
        context_length=text.max_position_embeddings,
        feature_width=module.clip.config.projection_dim,
    )
    return Model("clip", module, {"encode_image": [image], "encode_text": [ids]}, [image], facts, **about)
