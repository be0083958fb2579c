// What the operators use of ONNX Runtime's C interface, declared here so that building them needs no download: its
// Python packages carry no headers. The interface is stable: functions keep their places in OrtApi, structures only
// grow at their ends (onnxruntime_c_api.h, "OrtApi"). Version 16 (ONNX Runtime 1.16) has all of it.
#pragma once

#include <cstddef>
#include <cstdint>

constexpr std::uint32_t kApiVersion = 16;

struct OrtApi;
struct OrtCustomOpDomain;
struct OrtKernelContext;
struct OrtKernelInfo;
struct OrtSessionOptions;
struct OrtStatus;
struct OrtTensorTypeAndShapeInfo;
struct OrtValue;

enum ElementType : int { kAny = 0, kFloat = 1, kFloat16 = 10, kBFloat16 = 16 };
enum Characteristic : int { kRequired = 0, kOptional = 1 };
constexpr int kDefaultMemory = 0;
constexpr int kFailed = 1;

struct OrtApiBase {
  const OrtApi* (*GetApi)(std::uint32_t version);
  const char* (*GetVersionString)();
};

// One operator of one execution provider.
struct OrtCustomOp {
  std::uint32_t version;
  void* (*CreateKernel)(const OrtCustomOp*, const OrtApi*, const OrtKernelInfo*);
  const char* (*GetName)(const OrtCustomOp*);
  const char* (*GetExecutionProviderType)(const OrtCustomOp*);
  ElementType (*GetInputType)(const OrtCustomOp*, std::size_t index);
  std::size_t (*GetInputTypeCount)(const OrtCustomOp*);
  ElementType (*GetOutputType)(const OrtCustomOp*, std::size_t index);
  std::size_t (*GetOutputTypeCount)(const OrtCustomOp*);
  void (*KernelCompute)(void* kernel, OrtKernelContext*);
  void (*KernelDestroy)(void* kernel);
  Characteristic (*GetInputCharacteristic)(const OrtCustomOp*, std::size_t index);
  Characteristic (*GetOutputCharacteristic)(const OrtCustomOp*, std::size_t index);
  int (*GetInputMemoryType)(const OrtCustomOp*, std::size_t index);
  int (*GetVariadicInputMinArity)(const OrtCustomOp*);
  int (*GetVariadicInputHomogeneity)(const OrtCustomOp*);
  int (*GetVariadicOutputMinArity)(const OrtCustomOp*);
  int (*GetVariadicOutputHomogeneity)(const OrtCustomOp*);
  OrtStatus* (*CreateKernelV2)(const OrtCustomOp*, const OrtApi*, const OrtKernelInfo*, void** kernel);
  OrtStatus* (*KernelComputeV2)(void* kernel, OrtKernelContext*);
};

// OrtApi by the places of its functions.
class Api {
 public:
  explicit Api(const OrtApi* api) : functions_(reinterpret_cast<void* const*>(api)) {}

  OrtStatus* CreateStatus(int code, const char* message) const {
    return At<OrtStatus*(int, const char*)>(0)(code, message);
  }
  const char* GetErrorMessage(const OrtStatus* status) const { return At<const char*(const OrtStatus*)>(2)(status); }
  OrtStatus* CreateCustomOpDomain(const char* name, OrtCustomOpDomain** domain) const {
    return At<OrtStatus*(const char*, OrtCustomOpDomain**)>(26)(name, domain);
  }
  OrtStatus* CustomOpDomainAdd(OrtCustomOpDomain* domain, const OrtCustomOp* op) const {
    return At<OrtStatus*(OrtCustomOpDomain*, const OrtCustomOp*)>(27)(domain, op);
  }
  OrtStatus* AddCustomOpDomain(OrtSessionOptions* options, OrtCustomOpDomain* domain) const {
    return At<OrtStatus*(OrtSessionOptions*, OrtCustomOpDomain*)>(28)(options, domain);
  }
  OrtStatus* GetTensorMutableData(OrtValue* value, void** data) const {
    return At<OrtStatus*(OrtValue*, void**)>(51)(value, data);
  }
  OrtStatus* GetTensorElementType(const OrtTensorTypeAndShapeInfo* info, ElementType* type) const {
    return At<OrtStatus*(const OrtTensorTypeAndShapeInfo*, ElementType*)>(60)(info, type);
  }
  OrtStatus* GetDimensionsCount(const OrtTensorTypeAndShapeInfo* info, std::size_t* count) const {
    return At<OrtStatus*(const OrtTensorTypeAndShapeInfo*, std::size_t*)>(61)(info, count);
  }
  OrtStatus* GetDimensions(const OrtTensorTypeAndShapeInfo* info, std::int64_t* sizes, std::size_t count) const {
    return At<OrtStatus*(const OrtTensorTypeAndShapeInfo*, std::int64_t*, std::size_t)>(62)(info, sizes, count);
  }
  OrtStatus* GetTensorTypeAndShape(const OrtValue* value, OrtTensorTypeAndShapeInfo** info) const {
    return At<OrtStatus*(const OrtValue*, OrtTensorTypeAndShapeInfo**)>(65)(value, info);
  }
  OrtStatus* KernelInfoGetFloat(const OrtKernelInfo* info, const char* name, float* value) const {
    return At<OrtStatus*(const OrtKernelInfo*, const char*, float*)>(85)(info, name, value);
  }
  OrtStatus* KernelInfoGetInt(const OrtKernelInfo* info, const char* name, std::int64_t* value) const {
    return At<OrtStatus*(const OrtKernelInfo*, const char*, std::int64_t*)>(86)(info, name, value);
  }
  OrtStatus* KernelContextGetInput(const OrtKernelContext* context, std::size_t index, const OrtValue** value) const {
    return At<OrtStatus*(const OrtKernelContext*, std::size_t, const OrtValue**)>(90)(context, index, value);
  }
  OrtStatus* KernelContextGetOutput(OrtKernelContext* context, std::size_t index, const std::int64_t* sizes,
                                    std::size_t count, OrtValue** value) const {
    return At<OrtStatus*(OrtKernelContext*, std::size_t, const std::int64_t*, std::size_t, OrtValue**)>(91)(
        context, index, sizes, count, value);
  }
  void ReleaseStatus(OrtStatus* status) const { At<void(OrtStatus*)>(93)(status); }
  void ReleaseShape(OrtTensorTypeAndShapeInfo* info) const { At<void(OrtTensorTypeAndShapeInfo*)>(99)(info); }
  OrtStatus* KernelContextGetStream(const OrtKernelContext* context, void** stream) const {
    return At<OrtStatus*(const OrtKernelContext*, void**)>(193)(context, stream);
  }

 private:
  template <class Function>
  Function* At(std::size_t place) const {
    return reinterpret_cast<Function*>(functions_[place]);
  }

  void* const* functions_;
};
