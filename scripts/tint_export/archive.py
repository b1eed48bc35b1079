# SPDX-License-Identifier: Apache-2.0
"""From a real module to a TorchScript file and its entry in models.json; the same for every size."""

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib

import torch

from . import probes

FILES = {
    "denoiser": "denoiser.pt",
    "autoencoder": "autoencoder.pt",
    "text_encoder": "text_encoder.pt",
    "tokenizer": "tokenizer.model",
    "upscaler": "upscaler.pt",
    "teacher": "teacher.pt",
    "inception": "inception.pt",
    "clip": "clip.pt",
}
VERSION_RECORDS = (".data/version", "version")  # the writer makes one of them, depending on the operators in the code
BLOCK = 1 << 20  # bytes read at a time while hashing


@dataclasses.dataclass
class Model:
    """A role's module and its entry in models.json. `methods` maps names to lists of probes.Input, the main method
    first; `sample` holds the inputs of one full-size sample of the main method."""

    role: str
    module: torch.nn.Module
    methods: dict
    sample: list
    facts: dict
    licence: str
    source: str


def trace(model):
    """The module as TorchScript, in float32. Gradients stay enabled: a graph traced without them would have none."""
    model.module.float().eval().requires_grad_(False)
    inputs = {name: tuple(i.tensor() for i in given) for name, given in model.methods.items()}
    with torch.enable_grad():
        script = torch.jit.trace_module(model.module, inputs, check_trace=False)
    for module in script.modules():
        for name in module._c._method_names():
            drop_casts(module._c._get_method(name).graph)
    return script


def drop_casts(graph):
    """Removes casts of floating-point tensors to the dtype that they already have: libraries write x.to(y.dtype), which
    a trace turns into a constant, and the file would then fail once cast to another dtype."""
    for node in list(graph.nodes()):
        value = node.inputsAt(0) if node.kind() == "aten::to" else None
        kind = value.type().kind() == "TensorType" and value.type().dtype() if value else None
        if kind and kind.is_floating_point and node.output().type().dtype() == kind:
            node.output().replaceAllUsesWith(value)
            node.destroy()


def save(script, path):
    """Writes the archive with the same bytes each time: a fixed archive name, and no debug records, which contain paths
    of Python files on this machine. Records are copied from a temporary file one by one, so that a U-Net of 3.4 GB is
    not serialised in memory."""
    first = path.with_name(path.name + ".traced.tmp")
    try:
        torch.jit.save(script, str(first))
        with durable(path) as file:
            copy_records(torch._C.PyTorchFileReader(str(first)), torch._C.PyTorchFileWriter(file))
    finally:
        first.unlink(missing_ok=True)


def copy_records(reader, writer):
    # The meaning of operators depends on the file's version (integer aten::div changed in version 4).
    version = next(name for name in VERSION_RECORDS if reader.has_record(name))
    writer.set_min_version(int(reader.get_record(version)))
    for name in reader.get_all_records():
        if name.endswith(".debug_pkl") or name in (*VERSION_RECORDS, "byteorder", ".data/serialization_id"):
            continue
        data = reader.get_record(name)
        if name.startswith("code/") and b"torch.device(" in data:
            raise ValueError(f"the traced code ({name}) names a device: the file would work on that device only")
        writer.write_record(name, data, len(data))
    writer.write_end_of_file()


@contextlib.contextmanager
def durable(path):
    """A file that gets its name once all of it is on disk."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_durably(path, data):
    with durable(path) as file:
        file.write(data)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


class SetWriter:
    """Writes models one by one and models.json last: a folder without it is not a model set."""

    def __init__(self, folder, keep=False):
        """`keep`: roles that are not written stay as they are in the folder's models.json."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        list_file = self.folder / "models.json"
        self.document = {"schema": 1, "roles": {}}
        if keep and list_file.exists():
            self.document = json.loads(list_file.read_bytes())
        else:
            list_file.unlink(missing_ok=True)
        self.roles = self.document["roles"]

    def add_file(self, role, data, licence, source):
        write_durably(self.folder / FILES[role], data)
        self._record(role, licence=licence, source=source)

    def _record(self, role, **members):
        digest = sha256(self.folder / FILES[role])
        self.roles[role] = {"file": FILES[role], "sha256": digest, **members}

    def add(self, model, dtype=torch.float32):
        """Writes the model with its parameters in `dtype`; returns the TorchScript module as loaded from the file."""
        path = self.folder / FILES[model.role]
        script = trace(model).to(dtype)
        save(script, path)
        name = str(dtype).removeprefix("torch.")
        self._record(model.role, dtype=name, licence=model.licence, source=model.source, **model.facts)
        recorded = [record_probe(script, *method, dtype) for method in model.methods.items()]
        model.module.float()  # casting the graph cast the module, whose tensors it shares
        main = next(iter(model.methods))
        self.roles[model.role]["flop_per_sample"] = probes.count_flops(model.module, main, model.sample)
        loaded = load(path)
        for method, probe in zip(model.methods.items(), recorded, strict=True):
            require_same(path, probe, record_probe(loaded, *method, dtype))
        self.roles[model.role]["probes"] = recorded
        return loaded

    def finish(self):
        text = json.dumps(self.document, indent=2) + "\n"
        write_durably(self.folder / "models.json", text.encode())


def load(path):
    return torch.jit.load(str(path), map_location="cpu").eval()


def record_probe(loaded, name, inputs, dtype):
    # As in tint: the traced graph without the profiling executor's optimisations.
    with torch.jit.optimized_execution(False):
        return probes.record(loaded, name, inputs, dtype)


def require_same(path, traced, loaded):
    """Two probes of one method, of the traced module and of the file: equal within the probe's tolerance."""
    differences = [abs(a - b) for a, b in zip(traced["values"], loaded["values"], strict=True)]
    if traced["shape"] != loaded["shape"] or not max(differences) <= traced["tolerance"]:
        found = f"the saved file computes other values (largest difference {max(differences):g})"
        expected = f"the traced module's, within {traced['tolerance']:g}"
        raise ValueError(
            f"{path}: {traced['method']}: {found}; expected {expected}. "
            f"Report this with the version of PyTorch, {torch.__version__}."
        )
