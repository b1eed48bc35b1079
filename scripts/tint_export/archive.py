"""From a real module to a TorchScript file and its entry in models.json; the same for every size."""

import dataclasses
import hashlib
import io
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
}


@dataclasses.dataclass
class Model:
    """A role's module with what models.json says about it. `methods` maps names to lists of probes.Input, the main
    method first; `sample` are the inputs of one full-size sample of it."""

    role: str
    module: torch.nn.Module
    methods: dict
    sample: list
    facts: dict
    licence: str
    source: str

    def dtype(self):
        return next(self.module.parameters()).dtype


def trace(model):
    """The module as TorchScript. Gradients stay on: a graph traced without them would never give any."""
    model.module.eval().requires_grad_(False)
    inputs = {name: tuple(i.tensor(model.dtype()) for i in given) for name, given in model.methods.items()}
    with torch.enable_grad():
        script = torch.jit.trace_module(model.module, inputs, check_trace=False)
    for module in script.modules():
        for name in module._c._method_names():
            drop_casts(module._c._get_method(name).graph)
    return script


def drop_casts(graph):
    """Removes casts of floating-point tensors to the dtype that they have: libraries write x.to(y.dtype), a trace
    makes a
    constant of it, and the file would then not work once cast to another dtype."""
    for node in list(graph.nodes()):
        value = node.inputsAt(0) if node.kind() == "aten::to" else None
        kind = value.type().kind() == "TensorType" and value.type().dtype() if value else None
        if kind and kind.is_floating_point and node.output().type().dtype() == kind:
            node.output().replaceAllUsesWith(value)
            node.destroy()


def to_bytes(script):
    """The archive, the same bytes each time: fixed archive name, and without the debug records, which hold the paths of
    Python files on this machine."""
    saved = io.BytesIO()
    torch.jit.save(script, saved)
    reader = torch._C.PyTorchFileReader(io.BytesIO(saved.getvalue()))
    stripped = io.BytesIO()
    writer = torch._C.PyTorchFileWriter(stripped)
    for name in reader.get_all_records():
        if name.endswith(".debug_pkl") or name in ("version", "byteorder", ".data/serialization_id"):
            continue
        data = reader.get_record(name)
        if b"torch.device(" in data and name.startswith("code/"):
            raise ValueError(f"a device stands in the traced code ({name}): the file would work on that device only")
        writer.write_record(name, data, len(data))
    writer.write_end_of_file()
    return stripped.getvalue()


def write_durably(path, data):
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


class SetWriter:
    """Writes models one by one, models.json last: a folder without it is no set."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "models.json").unlink(missing_ok=True)
        self.roles = {}

    def add_file(self, role, data, licence, source, **members):
        write_durably(self.folder / FILES[role], data)
        head = {"file": FILES[role], "sha256": hashlib.sha256(data).hexdigest()}
        self.roles[role] = {**head, **members, "licence": licence, "source": source}

    def add(self, model):
        """Returns the TorchScript module as a program will load it."""
        data = to_bytes(trace(model))
        dtype = str(model.dtype()).removeprefix("torch.")
        self.add_file(model.role, data, model.licence, model.source, dtype=dtype)
        loaded = load(data)
        main = next(iter(model.methods))
        self.roles[model.role] |= {
            **model.facts,
            "flop_per_sample": probes.count_flops(model.module, main, model.sample),
            "probes": [record_probe(loaded, name, given, model.dtype()) for name, given in model.methods.items()],
        }
        return loaded

    def finish(self):
        text = json.dumps({"schema": 1, "roles": self.roles}, indent=2) + "\n"
        write_durably(self.folder / "models.json", text.encode())


def load(data):
    return torch.jit.load(io.BytesIO(data), map_location="cpu").eval()


def record_probe(loaded, name, inputs, dtype):
    # As the program runs it: the graph as it was traced, not what the profiling executor makes of it.
    with torch.jit.optimized_execution(False):
        return probes.record(loaded, name, inputs, dtype)
