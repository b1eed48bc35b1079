# SPDX-License-Identifier: Apache-2.0
# LibTorch from the PyPI wheel `torch`, without its CUDA part: imported target LibTorch::LibTorch.
#
# LIBTORCH_ROOT names the folder that holds include/ and lib/; by default the one that scripts/setup made.
# The wheel's TorchConfig.cmake is not used: it demands a CUDA toolkit. The wheel's include/ is not used either: it also
# holds fmt, pybind11 and others that shadow Debian's; a folder of links names the parts that are LibTorch.
if(NOT LIBTORCH_ROOT)
  file(GLOB _libtorch_candidates ${CMAKE_SOURCE_DIR}/.deps/libtorch/lib/python3*/site-packages/torch)
  list(GET _libtorch_candidates 0 _libtorch_found)
  set(LIBTORCH_ROOT "${_libtorch_found}" CACHE PATH "Folder of LibTorch: holds include/ and lib/")
endif()
find_path(LibTorch_INCLUDE_DIR ATen/ATen.h HINTS ${LIBTORCH_ROOT}/include NO_DEFAULT_PATH)
find_library(LibTorch_torch_cpu torch_cpu HINTS ${LIBTORCH_ROOT}/lib NO_DEFAULT_PATH)
find_library(LibTorch_c10 c10 HINTS ${LIBTORCH_ROOT}/lib NO_DEFAULT_PATH)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_INCLUDE_DIR LibTorch_torch_cpu LibTorch_c10
  REASON_FAILURE_MESSAGE "run scripts/setup, or set LIBTORCH_ROOT")
set(_libtorch_links ${CMAKE_BINARY_DIR}/libtorch-include)
file(MAKE_DIRECTORY ${_libtorch_links})
foreach(part ATen c10 torch caffe2)
  file(CREATE_LINK ${LibTorch_INCLUDE_DIR}/${part} ${_libtorch_links}/${part} SYMBOLIC)
endforeach()
if(NOT TARGET LibTorch::LibTorch)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
    ${_libtorch_links} ${_libtorch_links}/torch/csrc/api/include)
  target_link_libraries(LibTorch::LibTorch INTERFACE ${LibTorch_torch_cpu} ${LibTorch_c10})
  # LibTorch is built with NDEBUG, and the layout of some classes depends on it (at::RecordFunction).
  target_compile_definitions(LibTorch::LibTorch INTERFACE NDEBUG)
endif()
