# Versions that set-up installs, read by scripts/setup. One place, so that nothing drifts.
TINT_TORCH="torch==2.11.0"
# libtorch_cpu.so needs these two even on a machine without a GPU.
TINT_TORCH_CPU_NEEDS="nvidia-cuda-cupti==13.0.85 nvidia-cuda-runtime==13.0.96"
TINT_EXPORT="diffusers==0.42.1 transformers==5.23.0 safetensors sentencepiece protobuf open_clip_torch numpy pillow"
TINT_APT="g++ cmake ninja-build ccache git ca-certificates python3 python3-venv python3-pip pkg-config \
libcli11-dev libspdlog-dev nlohmann-json3-dev libopencv-dev libsentencepiece-dev libgtest-dev libgmock-dev \
libturbojpeg0-dev libjpeg62-turbo-dev libpng-dev libpcre2-dev libicu-dev libzip-dev libssl-dev libboost-dev libeigen3-dev"
# What CI checks the sources with: Debian 12's own versions.
TINT_APT_CHECK="clang-format-14 clang-tidy-14 strace"
