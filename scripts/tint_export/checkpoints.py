# SPDX-License-Identifier: Apache-2.0
"""A model set from public checkpoints: the roles that each source provides."""

from . import stable_diffusion, vision


def models(options):
    """Yields archive.Model for every source in `options` (of export_models.py)."""

    def licence(role, default):
        return options.licences.get(role, default)

    if options.stable_diffusion:
        for model in stable_diffusion.models(options.stable_diffusion, options.image_size):
            model.licence = licence(model.role, model.licence)
            yield model
            del model
    readers = {
        "upscaler": (options.hat, vision.read_upscaler),
        "teacher": (options.dino, lambda path: vision.read_teacher(path, options.teacher_size)),
        "inception": (options.inception, vision.read_inception),
        "clip": (options.clip, vision.read_clip),
    }
    for role, (path, read) in readers.items():
        if path:
            model = read(path)
            model.licence = licence(role, model.licence)
            yield model
            del model
