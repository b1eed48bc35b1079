# SPDX-License-Identifier: Apache-2.0
"""A training loop that resumes at its last saved step and gives the same weights as an uninterrupted one."""

import pathlib
import time

import torch
from tint_export.archive import durable


def rate_at(step, steps, peak, warm_up, decay_from):
    """Learning rate: linear warm-up over `warm_up` steps, constant, then linear decay to a hundredth from the share
    `decay_from` of the steps on."""
    share = step / steps
    fall = 1.0 if share < decay_from else 0.01 + 0.99 * (1 - share) / (1 - decay_from)
    return peak * min(1.0, (step + 1) / warm_up) * fall


def has_amx():
    """Whether the processor multiplies bfloat16 matrices in hardware (Intel AMX): large convolutions then take half the
    time."""
    information = pathlib.Path("/proc/cpuinfo")
    return information.exists() and " amx_bf16" in information.read_text()


class Average:
    """Exponential moving average of parameters, with a smaller decay in the first steps."""

    def __init__(self, parameters, decay):
        self.decay, self.values = decay, [p.detach().clone() for p in parameters]

    def update(self, parameters, step):
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.values, [p.detach() for p in parameters], 1 - decay)


class Training:
    """`loss(step, generator)` is differentiated with respect to the parameters of `modules` ({name: module});
    `generator` depends on the step only. Buffers (of batch norms) are not averaged. The state is saved in `file`.
    `autocast`: the loss is computed in bfloat16 where the processor has AMX."""

    def __init__(self, name, file, modules, loss, steps, rate, seed, decay=0.999, warm_up=200, decay_from=0.5,
                 weight_decay=0.01, autocast=False):  # fmt: skip
        self.name, self.file, self.modules, self.loss = name, file, modules, loss
        self.steps, self.seed = steps, seed
        self.bfloat16 = autocast and has_amx()
        self.schedule = dict(steps=steps, peak=rate, warm_up=warm_up, decay_from=decay_from)
        self.parameters = [p for module in modules.values() for p in module.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, rate, betas=(0.9, 0.99), weight_decay=weight_decay)
        self.average = Average(self.parameters, decay)
        self.step, self.seconds = 0, 0.0
        if file.exists():
            self._restore(torch.load(file, weights_only=True))

    def _restore(self, state):
        for name, module in self.modules.items():
            module.load_state_dict(state["modules"][name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.values = state["average"]
        self.step, self.seconds = state["step"], state["seconds"]

    def save(self):
        state = {
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.values,
            "step": self.step,
            "seconds": self.seconds,
        }
        with durable(self.file) as file:
            torch.save(state, file)

    def run(self, until, say, every=120.0):
        """Trains until all steps are done or time.monotonic() reaches `until`; True when done. The state is saved every
        `every` seconds and at the end."""
        began = saved = time.monotonic()
        before, first, recent = self.seconds, self.step, []
        while self.step < self.steps and time.monotonic() < until:
            for group in self.optimizer.param_groups:
                group["lr"] = rate_at(self.step, **self.schedule)
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.step)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bfloat16):
                loss = self.loss(self.step, generator)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
            self.optimizer.step()
            self.average.update(self.parameters, self.step)
            recent.append(loss.item())
            self.step += 1
            now = time.monotonic()
            if now - saved > every or self.step == self.steps:
                self.seconds = before + now - began
                self.save()
                saved = now
                pace = (now - began) / (self.step - first)
                say(f"{self.name}: step {self.step} of {self.steps}, loss {sum(recent) / len(recent):.4f}, "
                    f"{pace:.3f} s a step, {pace * (self.steps - self.step) / 60:.0f} min left")  # fmt: skip
                recent = []
        self.seconds = before + time.monotonic() - began
        self.save()
        return self.step >= self.steps

    @torch.no_grad()
    def use_average(self):
        """Replaces the parameters by their average, which is what is exported."""
        for parameter, value in zip(self.parameters, self.average.values, strict=True):
            parameter.copy_(value)
