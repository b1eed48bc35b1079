# SPDX-License-Identifier: Apache-2.0
"""The trained networks as a model set of tint."""

import torch
from tint_export import wrappers
from tint_export.archive import SetWriter
from tint_export.models import autoencoder, denoiser, inception, teacher, text_encoder, upscaler
from tint_export.tokenizer import clip_model

from . import dataset, networks, stages

LICENCE = "Apache-2.0"


def finished(training):
    if training.step < training.steps:
        raise ValueError(
            f"{training.name} is not trained yet: step {training.step} of {training.steps}. Run the training first."
        )
    training.use_average()
    return {name: module.eval() for name, module in training.modules.items()}


def write(all_stages, folder, command):
    """All weights are in half precision, to keep the bundled set small."""
    training_data = {
        "pool": "images of all 100 classes of the synthetic shapes data set with captions, none of them in an episode",
        "base": "the 64 base classes of the synthetic shapes data set, with labels",
        "labels": "the pool with labels; used for measurements only, not for training",
    }
    writer = SetWriter(folder)
    half = torch.float16

    def add(model, key, dtype):
        writer.add(model, dtype)
        writer.roles[model.role]["training_data"] = training_data[key]

    about = dict(licence=LICENCE, source=command)
    vae = all_stages.trained_autoencoder()
    scale = all_stages.latents(vae)[1]
    add(autoencoder(wrappers.Autoencoder(vae), scale, dataset.SIDE, **about), "pool", half)
    modules = finished(all_stages.diffusion())
    add(text_encoder(modules["text"], len(modules["text"].rows), **about), "pool", half)
    add(denoiser(wrappers.Denoiser(modules["unet"], "epsilon"), dataset.LENGTH, **about), "pool", half)
    network = finished(all_stages.upscaler())["network"]
    add(upscaler(wrappers.Upscaler(network), factor=networks.Upscaler.FACTOR, **about), "pool", half)
    features = networks.Features(finished(all_stages.teacher())["network"])
    add(teacher(features, dataset.SMALL_SIDE, stages.MEAN, stages.DEVIATION, **about), "base", half)
    classifier = finished(all_stages.frechet())["network"]
    features = networks.FidFeatures(classifier, dataset.SMALL_SIDE, stages.MEAN, stages.DEVIATION)
    add(inception(features, classifier.feature_width(), **about), "labels", half)
    writer.add_file("tokenizer", clip_model(), "MIT", "openai/CLIP's vocabulary")
    writer.finish()
