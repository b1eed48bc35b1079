# SPDX-License-Identifier: Apache-2.0
# Versions that set-up installs, read by scripts/setup. One place, so that nothing drifts.
TINT_TORCH="torch==2.11.0"
# libtorch_cpu.so needs these two even on a machine without a GPU.
TINT_TORCH_CPU_NEEDS="nvidia-cuda-cupti==13.0.85 nvidia-cuda-runtime==13.0.96"
# All of it, installed without following dependencies: pip would fetch 3 GB of NVIDIA's libraries for torchvision.
# PyTorch itself is .deps/libtorch's.
TINT_EXPORT="annotated-doc==0.0.7 annotated-types==0.8.0 anyio==4.16.0 certifi==2026.10.18 charset-normalizer==3.5.2 \
click==8.5.1 diffusers==0.42.1 einops==0.8.2 filelock==4.2.11 fsspec==2026.9.0 ftfy==6.3.1 h11==0.16.0 hf-xet==1.8.0 \
httpcore2==2.16.2 httpx2==2.16.2 huggingface-hub==2.4.0 idna==3.20 importlib-metadata==10.2.0 jinja2==3.1.6 \
lazy-importer==0.1.0 markdown-it-py==4.3.0 markupsafe==3.0.4 mdurl==0.1.2 mpmath==1.3.0 networkx==3.6.1 numpy==2.4.6 \
open-clip-torch==3.3.0 packaging==26.3 pillow==13.0.0 protobuf==7.36.2 pydantic==2.14.3 pydantic-core==2.50.4 \
pygments==2.21.0 pyyaml==6.0.3 regex==2026.11.15 requests==2.34.2 rich==15.0.0 safetensors==0.8.0 sentencepiece==0.2.3 \
shellingham==1.5.4 spandrel==0.4.2 sympy==1.14.0 timm==1.0.31 tokenizers==0.23.3 torchvision==0.26.0 tqdm==4.70.1 \
transformers==5.23.0 truststore==0.10.5 typer==0.29.2 typing-extensions==4.16.0 typing-inspection==0.4.5 \
urllib3==2.8.0 wcwidth==0.9.4 zipp==4.1.2"
TINT_APT="g++ cmake ninja-build ccache git ca-certificates python3 python3-venv python3-pip pkg-config \
libcli11-dev libspdlog-dev nlohmann-json3-dev libopencv-dev libsentencepiece-dev libgtest-dev libgmock-dev \
libturbojpeg0-dev libjpeg62-turbo-dev libpng-dev libpcre2-dev libicu-dev libzip-dev libssl-dev libboost-dev libeigen3-dev \
gnuplot-nox libkainjow-mustache-dev"
# What CI checks the sources with; man page and completion; the browser that looks at a report: Debian 12's own versions.
TINT_APT_CHECK="clang-format-14 clang-tidy-14 chromium groff mandoc strace zsh"
