# SPDX-License-Identifier: Apache-2.0
"""Compares a traced file with its module at other sizes, with gradients, and in half precision."""

import copy

import torch

# Per role: the sizes to compare, and the inputs of the main method that need gradients.
SIZES = {
    "denoiser": [dict(batch=1), dict(batch=3, side=24), dict(batch=64)],
    "autoencoder": [dict(batch=1), dict(batch=3, side=32), dict(batch=64, side=16)],
    "text_encoder": [dict(batch=1), dict(batch=3), dict(batch=64)],
    "upscaler": [dict(batch=1, side=21), dict(batch=3, side=16)],
    "teacher": [dict(batch=1), dict(batch=3), dict(batch=64)],
    "inception": [dict(batch=1, side=64), dict(batch=3, side=84)],
}
TOLERANCE = 1e-3  # relative to the largest value: libraries choose other kernels for other memory layouts
DIFFERENTIABLE = {"denoiser": [0, 2], "text_encoder": [0]}


def _call(module, method, inputs, gradients):
    inputs = [i.clone().requires_grad_(k in gradients) for k, i in enumerate(inputs)]
    with torch.jit.optimized_execution(False), torch.set_grad_enabled(bool(gradients)):
        result = getattr(module, method)(*inputs)
        if gradients:
            (result.float() ** 2).sum().backward()
    return [result.detach()] + [inputs[k].grad for k in gradients]


def _difference(found, expected):
    return max(float((f - e).abs().max() / e.abs().max().clamp(min=1e-6)) for f, e in zip(found, expected))


def verify(model, loaded):
    """Largest relative difference of traced and eager results (and gradients); ValueError above TOLERANCE. Both run in
    float32; with a set in half precision the rounded weights are compared."""
    largest = 0.0
    loaded = copy.deepcopy(loaded).float()
    for index, (method, given) in enumerate(model.methods.items()):
        gradients = DIFFERENTIABLE.get(model.role, []) if index == 0 else []
        for sizes in SIZES[model.role]:
            inputs = [i.resized(**sizes).tensor() for i in given]
            pair = [_call(module, method, inputs, gradients) for module in (loaded, model.module)]
            difference = _difference(*pair)
            largest = max(largest, difference)
            if not difference < TOLERANCE:
                raise ValueError(
                    f"{model.role}.{method} at {sizes}: the trace differs from the module by {difference:g}"
                )
        _verify_half(model, loaded, method, given)
    return largest


@torch.no_grad()
def _verify_half(model, loaded, method, given):
    """Casting the loaded file, as tint does for bfloat16, must work: the graph may not contain a dtype."""
    half = copy.deepcopy(loaded).to(torch.bfloat16)
    with torch.jit.optimized_execution(False):
        result = getattr(half, method)(*[i.tensor(torch.bfloat16) for i in given])
        expected = getattr(loaded, method)(*[i.tensor(torch.float32) for i in given])
    if result.dtype != torch.bfloat16:
        raise ValueError(f"{model.role}.{method}: gives {result.dtype} after a cast to bfloat16")
    difference = _difference([result.float()], [expected])
    if not difference < 0.2:
        raise ValueError(f"{model.role}.{method}: the result in bfloat16 differs by {difference:g}")
