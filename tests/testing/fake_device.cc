// SPDX-License-Identifier: Apache-2.0
#include "fake_device.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/transformers/attention.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/library.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <utility>

namespace tint::testing::fake {
namespace {

constexpr size_t kMemory = size_t{4} << 30;  // what the device says it has
constexpr c10::DeviceType kType = c10::DeviceType::PrivateUse1;
c10::Device Dev() { return {kType, 0}; }

// ---- Events ----

std::mutex event_mutex;
bool watching = false;
std::vector<Event> events;
thread_local std::vector<const char*> op_stack;  // Kept by RecordFunction while a Watch lives.

std::unique_ptr<at::ObserverContext> Enter(const at::RecordFunction& fn) {
  op_stack.push_back(fn.name());
  return nullptr;
}
void Leave(const at::RecordFunction&, at::ObserverContext*) { op_stack.pop_back(); }

void Record(Kind kind, const std::string& op, size_t bytes = 0) {
  const std::lock_guard lock(event_mutex);
  if (!watching) return;
  std::string stack;
  for (const char* name : op_stack) stack += (stack.empty() ? "" : " > ") + std::string(name);
  events.push_back({kind, op, std::move(stack), bytes});
}

// ---- Memory: a fake storage owns a CPU storage, its twin, and shows a pointer that no host code can follow ----

void* Poison(const void* p) {
  return p ? reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(p) | 1ULL << 62) : nullptr;
}

// Bytes of all storages on the device now, and the most there were.
std::atomic<int64_t> held_bytes = 0, peak_bytes = 0;

void Hold(int64_t change) {
  const int64_t now = held_bytes += change;
  for (int64_t peak = peak_bytes; now > peak && !peak_bytes.compare_exchange_weak(peak, now);) {
  }
}

struct Owner {
  explicit Owner(c10::Storage cpu) : storage(std::move(cpu)), bytes(static_cast<int64_t>(storage.nbytes())) {
    Hold(bytes);
  }
  ~Owner() { Hold(-bytes); }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  c10::Storage storage;
  int64_t bytes;
};

// As CUDA's caching allocator: it does not exist before the first allocation, and asking it for statistics throws.
std::atomic<bool> allocator_initialized = false;

// Memory of the device, also where an operator's result becomes a tensor of the device without asking the allocator.
c10::DataPtr DevicePtr(c10::Storage cpu) {
  allocator_initialized = true;
  auto* owner = new Owner(std::move(cpu));
  return {Poison(owner->storage.mutable_data()), owner, [](void* p) { delete static_cast<Owner*>(p); }, Dev()};
}

struct Allocator final : c10::DeviceAllocator {
  static void CheckInitialized(c10::DeviceIndex device) {
    TORCH_CHECK(allocator_initialized, "Invalid device argument ", static_cast<int>(device), ": did you call init?");
  }
  c10::DataPtr allocate(size_t n) override {
    return DevicePtr(c10::Storage(c10::Storage::use_byte_size_t(), n, c10::GetAllocator(c10::kCPU), true));
  }
  void copy_data(void*, const void*, size_t) const override { TORCH_CHECK(false, "fake: raw copy of device memory"); }
  bool initialized() override { return allocator_initialized; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr&, c10::Stream) override {}
  void resetAccumulatedStats(c10::DeviceIndex device) override { CheckInitialized(device); }
  void resetPeakStats(c10::DeviceIndex device) override {
    CheckInitialized(device);
    peak_bytes = held_bytes.load();
  }
  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex device) override {
    CheckInitialized(device);
    c10::CachingDeviceAllocator::DeviceStats stats;
    auto& all = stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
    all.current = held_bytes;
    all.peak = peak_bytes;
    stats.reserved_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)] = all;
    return stats;
  }
  std::pair<size_t, size_t> getMemoryInfo(c10::DeviceIndex) override {
    const size_t held = static_cast<size_t>(held_bytes.load());
    return {kMemory - std::min(kMemory, held), kMemory};
  }
} allocator;

const c10::Storage& Twin(const c10::Storage& s) { return static_cast<Owner*>(s.data_ptr().get_context())->storage; }

bool OnDevice(const at::Tensor& t) { return t.defined() && t.device().type() == kType; }

// With t's shape, type and flags. `view`: TensorImpl::VIEW where `keys` are those of the view's base, else nothing.
template <typename... View>
at::Tensor MakeLike(const at::Tensor& t, c10::Storage storage, c10::DispatchKeySet keys, View... view) {
  auto r = at::detail::make_tensor<c10::TensorImpl>(view..., std::move(storage), keys, t.dtype());
  auto* impl = r.unsafeGetTensorImpl();
  impl->set_sizes_and_strides(t.sizes(), t.strides(), t.storage_offset());
  if (t.unsafeGetTensorImpl()->is_wrapped_number()) impl->set_wrapped_number(true);
  if (t.is_conj() != r.is_conj()) impl->_set_conj(t.is_conj());
  if (t.is_neg() != r.is_neg()) impl->_set_neg(t.is_neg());
  return r;
}

at::Tensor CpuAlias(const at::Tensor& t) {
  return OnDevice(t) ? MakeLike(t, Twin(t.storage()), c10::DispatchKeySet(c10::DispatchKey::CPU)) : t;
}

// ---- One operator call: device arguments become CPU aliases, results become device tensors ----

// Element-wise operators that CUDA lets mix with 0-dim CPU tensors. All others must not see a CPU tensor.
constexpr std::string_view kTakesCpuScalars =
    " add sub rsub mul div floor_divide remainder fmod pow maximum minimum fmax fmin atan2 copysign xlogy hypot eq ne "
    "lt le gt ge logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor where fill masked_fill "
    "index_put _index_put_impl ";
constexpr std::string_view kSyncs =  // On CUDA the host waits for these, to learn a value or a size.
    " equal nonzero masked_select bincount repeat_interleave _unique2 unique_consecutive unique_dim ";

class Call {
 public:
  explicit Call(const c10::OperatorHandle& op) : op_(op), name_(op.schema().name().substr(6)) {
    while (name_.size() > 1 && name_.back() == '_') name_.pop_back();
    indexing_ = name_ == "index" || name_ == "index_put" || name_ == "_index_put_impl";
  }

  void Run(torch::jit::Stack* stack) {
    const auto& schema = op_.schema();
    const auto args = stack->end() - static_cast<ptrdiff_t>(schema.arguments().size());
    for (size_t i = 0; i < schema.arguments().size(); ++i) args[i] = ToCpu(args[i], schema.arguments()[i]);
    if (In(kSyncs)) Record(Kind::kSync, schema.name());
    {
      const at::AutoDispatchBelowADInplaceOrView below;
      op_.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);
    }
    for (const auto& [device, cpu] : written_) Refresh(device, cpu);
    for (auto it = stack->end() - static_cast<ptrdiff_t>(schema.returns().size()); it != stack->end(); ++it) {
      if (it->isTensor()) *it = ToDevice(it->toTensor());
      if (HasTensors(*it)) *it = MapList(*it, [&](const at::Tensor& t) { return ToDevice(t); });
    }
  }

 private:
  bool In(std::string_view names) const { return names.find(" " + name_ + " ") != std::string_view::npos; }

  // By value: the profiling executor gives lists element types narrower than Tensor or Optional[Tensor].
  static bool HasTensors(const c10::IValue& v) {
    return v.isList() && std::ranges::any_of(v.toListRef(), [](const c10::IValue& e) { return e.isTensor(); });
  }
  template <typename Fn>
  static c10::IValue MapList(const c10::IValue& v, const Fn& fn) {
    c10::impl::GenericList out(v.toList().elementType());
    for (const c10::IValue& e : v.toListRef()) out.push_back(e.isTensor() ? c10::IValue(fn(e.toTensor())) : e);
    return out;
  }

  c10::IValue ToCpu(const c10::IValue& v, const c10::Argument& arg) {
    static const c10::TypePtr optional_generator = c10::OptionalType::create(c10::GeneratorType::get());
    if (v.isTensor()) return ToCpu(v.toTensor(), arg);
    if (HasTensors(v)) return MapList(v, [&](const at::Tensor& t) { return ToCpu(t, arg); });
    if (v.isStorage() && v.toStorage().device_type() == kType)
      return storages_.emplace_back(v.toStorage(), Twin(v.toStorage())).second;
    if (v.isDevice()) return c10::Device(c10::kCPU);
    TORCH_CHECK(!v.isGenerator(), "Expected a '", Dev(), "' device type for generator but found 'cpu' (",
                op_.operator_name(), ")");
    if (v.isNone() && *arg.type() == *optional_generator) {
      static const at::Generator own = at::detail::createCPUGenerator(1234);
      Record(Kind::kDeviceRandom, op_.schema().name());
      return own;
    }
    return v;
  }

  at::Tensor ToCpu(const at::Tensor& t, const c10::Argument& arg) {
    if (!t.defined()) return t;
    const bool written = arg.alias_info() && arg.alias_info()->isWrite(), index = indexing_ && arg.name() == "indices";
    if (!OnDevice(t)) {
      if (index) Record(Kind::kHostToDevice, op_.schema().name(), t.nbytes());  // CUDA moves it silently.
      TORCH_CHECK(index || (t.dim() == 0 && !written && In(kTakesCpuScalars)),
                  "Expected all tensors to be on the same device, but found at least two devices, ", Dev(),
                  " and cpu! (", op_.operator_name(), ": argument '", arg.name(), "' of shape ", t.sizes(),
                  " is on the CPU)");
      return t;
    }
    if ((index && (t.scalar_type() == at::kBool || t.scalar_type() == at::kByte)) ||
        (name_ == "masked_fill" && arg.name() == "value"))
      Record(Kind::kSync, op_.schema().name());
    const auto& pair = tensors_.emplace_back(t, CpuAlias(t));
    storages_.emplace_back(t.storage(), pair.second.storage());
    return written ? written_.emplace_back(pair).second : pair.second;
  }

  at::Tensor ToDevice(const at::Tensor& t) {
    if (!t.defined()) return t;
    for (const auto& [device, cpu] : tensors_)
      if (t.is_same(cpu)) return device;
    TORCH_CHECK(t.layout() == at::kStrided, "fake: only strided tensors (", op_.operator_name(), ")");
    for (const auto& [device, cpu] : tensors_)
      if (t.storage().is_alias_of(cpu.storage()))
        return MakeLike(t, device.storage(), device.key_set(), c10::TensorImpl::VIEW);
    const at::Tensor dense = t._is_zerotensor() ? at::zeros(t.sizes(), t.options()) : t;
    return MakeLike(dense, ToDevice(dense.storage()), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1));
  }

  c10::Storage ToDevice(const c10::Storage& cpu) {
    for (const auto& [device, twin] : storages_)
      if (twin.unsafeGetStorageImpl() == cpu.unsafeGetStorageImpl()) return device;
    c10::Storage device(c10::Storage::use_byte_size_t(), cpu.nbytes(), DevicePtr(cpu), &allocator, true);
    return storages_.emplace_back(std::move(device), cpu).first;
  }

  void Refresh(const at::Tensor& device, const at::Tensor& cpu) {  // After resize_, set_, out=, t_ ...
    auto* impl = device.unsafeGetTensorImpl();
    if (!cpu.storage().is_alias_of(Twin(device.storage()))) impl->set_storage_keep_dtype(ToDevice(cpu.storage()));
    auto* storage = device.storage().unsafeGetStorageImpl();
    if (storage->data() != Poison(cpu.storage().data())) storage->set_data_ptr_noswap(DevicePtr(cpu.storage()));
    storage->set_nbytes(cpu.storage().nbytes());
    if (device.sizes() != cpu.sizes() || device.strides() != cpu.strides() ||
        device.storage_offset() != cpu.storage_offset())
      impl->set_sizes_and_strides(cpu.sizes(), cpu.strides(), cpu.storage_offset());
  }

  const c10::OperatorHandle& op_;
  std::string name_;  // Without namespace, overload and trailing underscore.
  bool indexing_;
  std::vector<std::pair<at::Tensor, at::Tensor>> tensors_, written_;  // Device tensor, CPU alias.
  std::vector<std::pair<c10::Storage, c10::Storage>> storages_;       // Device storage, twin.
};

void RunOnCpu(const c10::OperatorHandle& op, torch::jit::Stack* stack) { Call(op).Run(stack); }

at::Tensor& Copy(at::Tensor& dst, const at::Tensor& src, bool) {
  if (OnDevice(src) != OnDevice(dst))
    Record(OnDevice(dst) ? Kind::kHostToDevice : Kind::kDeviceToHost, "aten::copy_", src.nbytes());
  const at::AutoDispatchBelowADInplaceOrView below;
  CpuAlias(dst).copy_(CpuAlias(src));
  return dst;
}

at::Scalar LocalScalar(const at::Tensor& t) {
  Record(Kind::kSync, "aten::_local_scalar_dense", t.itemsize());
  return at::_local_scalar_dense(CpuAlias(t));
}

int64_t SdpChoice(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::optional<at::Tensor>& mask,
                  double dropout, bool causal, std::optional<double> scale, bool gqa) {
  return at::_fused_sdp_choice(q, k, v, mask, dropout, causal, scale, gqa);
}

// ---- Registration ----

struct Guard final : c10::impl::DeviceGuardImplInterface {
  static c10::Stream Default() { return c10::Stream(c10::Stream::DEFAULT, Dev()); }
  c10::DeviceType type() const override { return kType; }
  c10::Device getDevice() const override { return Dev(); }
  void setDevice(c10::Device d) const override { TORCH_CHECK(d.index() <= 0, "fake: invalid device ordinal ", d); }
  c10::Device exchangeDevice(c10::Device d) const override { return setDevice(d), Dev(); }
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const override { return Default(); }
  c10::Stream exchangeStream(c10::Stream) const override { return Default(); }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void synchronizeStream(const c10::Stream&) const override { Record(Kind::kSync, "synchronizeStream"); }
  void synchronizeDevice(c10::DeviceIndex) const override { Record(Kind::kSync, "synchronizeDevice"); }
};

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  // Only so that at::manual_seed has something to seed.
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override {
    static const at::Generator generator = at::detail::createCPUGenerator(1234);
    return generator;
  }
  c10::Allocator* getPinnedMemoryAllocator() const override { return c10::GetAllocator(c10::kCPU); }
};

struct Backend {
  Backend() {
    c10::register_privateuse1_backend("fake");
    c10::SetAllocator(kType, &allocator);
    c10::impl::registerDeviceGuard(kType, new Guard);
    at::RegisterPrivateUse1HooksInterface(new Hooks);
    at::native::_fused_sdp_choice_stub.set_privateuse1_dispatch_ptr(&SdpChoice);
    const auto boxed = [] { return torch::CppFunction::makeFromBoxedFunction<&RunOnCpu>(); };
    others.fallback(boxed());
    aten.impl("copy_", &Copy);
    aten.impl("_local_scalar_dense", &LocalScalar);
    aten.impl("_has_compatible_shallow_copy_type", [](const at::Tensor&, const at::Tensor&) { return true; });
    // Composite operators that choose by device: take the CPU's branch, so that results are equal bit for bit.
    for (const char* name : {"convolution", "_convolution", "convolution_backward"}) aten.impl(name, boxed());
    // Mirror the CPU's dispatch table: where the CPU has a kernel, no composite may replace it.
    for (const auto& op : c10::Dispatcher::singleton().getRegistrationsForDispatchKey(c10::DispatchKey::CPU))
      if (op.name.starts_with("aten::") && op.name != "aten::_local_scalar_dense")
        aten.impl(c10::toString(op).c_str(), boxed());
  }
  torch::Library others{torch::Library::IMPL, "_", c10::DispatchKey::PrivateUse1, __FILE__, __LINE__};
  torch::Library aten{torch::Library::IMPL, "aten", c10::DispatchKey::PrivateUse1, __FILE__, __LINE__};
};

}  // namespace

c10::Device device() {
  [[maybe_unused]] static const Backend* const backend = new Backend;
  return Dev();
}

void ForgetAllocator() { allocator_initialized = false; }

std::string ToString(const std::vector<Event>& list) {
  static constexpr const char* kNames[] = {"host->device", "device->host", "sync", "device random"};
  std::string out;
  for (const Event& e : list)
    out += c10::str(kNames[static_cast<int>(e.kind)], " ", e.bytes, " B by ", e.op, " in ", e.stack, "\n");
  return out;
}

Watch::Watch()
    : handle_(
          at::addGlobalCallback(at::RecordFunctionCallback(&Enter, &Leave)
                                    .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION,
                                             at::RecordScope::TORCHSCRIPT_FUNCTION, at::RecordScope::USER_SCOPE}))) {
  const std::lock_guard lock(event_mutex);
  watching = true;
  events.clear();
}

Watch::~Watch() {
  at::removeCallback(handle_);
  const std::lock_guard lock(event_mutex);
  watching = false;
}

std::vector<Event> Watch::Events() const {
  const std::lock_guard lock(event_mutex);
  return events;
}

size_t Watch::Count(Kind kind) const { return std::ranges::count(Events(), kind, &Event::kind); }

void Retarget(torch::jit::Block* block, c10::Device device) {
  for (torch::jit::Node* node : block->nodes()) {
    if (node->kind() == c10::prim::Constant && node->output()->type()->kind() == c10::TypeKind::DeviceObjType)
      node->s_(c10::attr::value, device.str());
    for (torch::jit::Block* inner : node->blocks()) Retarget(inner, device);
  }
}

void RetargetDeviceConstants(const torch::jit::Module& module, c10::Device device) {
  for (const auto& m : module.modules())
    for (const auto& method : m.get_methods()) Retarget(method.graph()->block(), device);
}

}  // namespace tint::testing::fake
