#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets Python import the PyPI build of PyTorch without a GPU and without 3 GB of NVIDIA libraries.

  scripts/make_cuda_stand_ins.py SITE_PACKAGES OUT    (called by scripts/setup --export)

That build is linked to those libraries even if no CUDA device is used. For each library that is not installed, this
writes a shared library of the same name to OUT, whose functions all return 1 (an error in all of these interfaces), and
OUT/tint_cuda_stand_ins.py, which loads them; the dynamic linker then uses them instead of the real ones. Needs gcc,
readelf and nm. If no library is missing, none is written.
"""

import pathlib
import re
import subprocess
import sys

MODULE = '''"""Loads the stand-ins next to it before torch loads the real libraries (make_cuda_stand_ins.py)."""
import ctypes
import pathlib

for library in sorted(pathlib.Path(__file__).parent.glob("lib*.so*")):
    ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
'''
NVIDIA = re.compile(
    r"lib(cu(?!da\.)|nccl|nvshmem|nvrtc)"
)  # libcuda belongs to the driver and is loaded only with a device


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def needed(library):
    return re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "-d", library))


def wanted_symbols(library):
    """(name, version or None) of the undefined symbols of `library`."""
    for line in output("nm", "-D", "--undefined-only", "--with-symbol-versions", library).splitlines():
        name, _, version = line.split()[-1].partition("@")
        yield name, version or None


def write_stand_in(path, symbols):
    """A library with functions of these names, and a version node for each version."""
    source = "".join(f"long {name}(void) {{ return 1; }}\n" for name, _ in symbols)
    versions = {}
    for name, version in symbols:
        if version:
            versions.setdefault(version, []).append(name)
    script = path.with_suffix(".map")
    script.write_text("".join(f"{v} {{ global: {'; '.join(names)}; }};\n" for v, names in versions.items()))
    flags = [f"-Wl,--version-script={script}"] if versions else []
    command = ["gcc", "-shared", "-nostdlib", "-w", "-fno-builtin", f"-Wl,-soname,{path.name}", *flags, "-xc", "-"]
    subprocess.run([*command, "-o", str(path)], input=source, text=True, check=True)
    script.unlink()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    packages, out = map(pathlib.Path, sys.argv[1:])
    libraries = sorted((packages / "torch" / "lib").glob("*.so*"))
    if not libraries:
        sys.exit(f"{packages}: contains no torch")
    present = {file.name for file in packages.glob("nvidia/**/lib/*.so*")} | {file.name for file in libraries}
    missing = sorted({name for library in libraries for name in needed(library) if NVIDIA.match(name)} - present)
    symbols = {symbol for library in libraries for symbol in wanted_symbols(library)}
    # Symbols without a version can be defined by any stand-in.
    unversioned = sorted(s for s in symbols if s[1] is None and re.match(r"(cu|nccl|nvshmem)[A-Za-z]", s[0]))
    out.mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(missing):
        own = sorted(s for s in symbols if s[1] == name or s[1] == name.split("_")[0].removeprefix("lib").upper())
        write_stand_in(out / name, own + (unversioned if index == 0 else []))
    (out / "tint_cuda_stand_ins.py").write_text(MODULE)
    print(f"{len(missing)} stand-ins for NVIDIA libraries in {out}")


if __name__ == "__main__":
    main()
