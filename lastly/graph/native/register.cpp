// What ONNX Runtime calls: RegisterCustomOps names the operators to it.
#include <exception>

#include "operators.h"

namespace {

// The operator's object and the interface it was made with.
template <class Operator>
struct Kernel {
  Api api;
  Operator op;
};

template <class Work>
OrtStatus* Guarded(const Api& api, const Work& work) {
  try {
    work();
    return nullptr;
  } catch (const std::exception& error) {
    return api.CreateStatus(kFailed, error.what());
  }
}

template <class Operator>
OrtStatus* Create(const OrtCustomOp*, const OrtApi* functions, const OrtKernelInfo* info, void** kernel) {
  const Api api(functions);
  return Guarded(api, [&] { *kernel = new Kernel<Operator>{api, Operator(api, info)}; });
}

template <class Operator, bool gpu>
OrtStatus* Compute(void* kernel, OrtKernelContext* given) {
  const auto& [api, op] = *static_cast<Kernel<Operator>*>(kernel);
  const Context context(api, given);
  return Guarded(api, [&, &op = op] { gpu ? op.ComputeOnGpu(context) : op.ComputeOnCpu(context); });
}

// Only the first input may have any type; the outputs have it too.
template <class Operator, bool gpu>
const OrtCustomOp* Describe() {
  static const OrtCustomOp description = [] {
    OrtCustomOp d{};
    d.version = kApiVersion;
    d.GetName = [](const OrtCustomOp*) { return Operator::kName; };
    d.GetExecutionProviderType = [](const OrtCustomOp*) -> const char* {
      return gpu ? "CUDAExecutionProvider" : "CPUExecutionProvider";
    };
    d.GetInputType = [](const OrtCustomOp*, std::size_t index) { return index ? kFloat : kAny; };
    d.GetInputTypeCount = [](const OrtCustomOp*) { return Operator::kInputs; };
    d.GetOutputType = [](const OrtCustomOp*, std::size_t) { return kAny; };
    d.GetOutputTypeCount = [](const OrtCustomOp*) { return Operator::kOutputs; };
    d.KernelDestroy = [](void* kernel) { delete static_cast<Kernel<Operator>*>(kernel); };
    d.GetInputCharacteristic = [](const OrtCustomOp*, std::size_t index) {
      return index < Operator::kRequiredInputs ? kRequired : kOptional;
    };
    d.GetOutputCharacteristic = [](const OrtCustomOp*, std::size_t) { return kRequired; };
    d.GetInputMemoryType = [](const OrtCustomOp*, std::size_t) { return kDefaultMemory; };
    d.CreateKernelV2 = Create<Operator>;
    d.KernelComputeV2 = Compute<Operator, gpu>;
    return d;
  }();
  return &description;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) OrtStatus* RegisterCustomOps(OrtSessionOptions* options,
                                                                                 const OrtApiBase* base) {
  const OrtApi* functions = base->GetApi(kApiVersion);
  if (!functions) return nullptr;
  const Api api(functions);
  return Guarded(api, [&] {
    OrtCustomOpDomain* domain = nullptr;  // lives as long as the process, as sessions may
    Check(api, api.CreateCustomOpDomain("lastly", &domain));
    for (const OrtCustomOp* op : {Describe<RotaryHeads, false>(), Describe<RotaryHeads, true>(),
                                  Describe<GatedSilu, false>(), Describe<GatedSilu, true>()})
      Check(api, api.CustomOpDomainAdd(domain, op));
    Check(api, api.AddCustomOpDomain(options, domain));
  });
}
