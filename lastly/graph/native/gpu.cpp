#include "gpu.h"

#include <dlfcn.h>

#include <map>
#include <mutex>
#include <stdexcept>
#include <tuple>
#include <vector>

// The text of kernels.cu, put into the library by the assembler.
asm(".section .rodata\n"
    "lastly_kernels: .incbin \"kernels.cu\"\n"
    ".byte 0\n"
    ".previous\n");
extern "C" const char lastly_kernels[];

namespace {

constexpr int kMajor = 75, kMinor = 76;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_…

class Library {
 public:
  explicit Library(const std::vector<const char*>& names) {
    for (const char* name : names)
      if (!handle_) handle_ = dlopen(name, RTLD_NOW);
    if (!handle_) throw std::runtime_error(std::string(names.front()) + " is not found");
  }

  template <class... Arguments>
  int Call(const char* name, Arguments... arguments) const {
    void* function = dlsym(handle_, name);
    if (!function) throw std::runtime_error(std::string(name) + " is not found");
    return reinterpret_cast<int (*)(Arguments...)>(function)(arguments...);
  }

  // The same where anything but 0 is a failure.
  template <class... Arguments>
  void Must(const char* name, Arguments... arguments) const {
    const int result = Call(name, arguments...);
    if (result) throw std::runtime_error(std::string(name) + " gave " + std::to_string(result));
  }

 private:
  void* handle_ = nullptr;
};

const Library& Driver() {
  static const Library library({"libcuda.so.1"});
  return library;
}

const Library& Compiler() {
  static const Library library({"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"});
  return library;
}

std::string Architecture() {
  int device = 0, major = 0, minor = 0;
  Driver().Must("cuCtxGetDevice", &device);
  Driver().Must("cuDeviceGetAttribute", &major, kMajor, device);
  Driver().Must("cuDeviceGetAttribute", &minor, kMinor, device);
  return "--gpu-architecture=sm_" + std::to_string(10 * major + minor);
}

std::string Log(void* program) {
  std::size_t size = 0;
  Compiler().Must("nvrtcGetProgramLogSize", program, &size);
  std::string log(size, '\0');
  Compiler().Must("nvrtcGetProgramLog", program, log.data());
  return log;
}

std::vector<char> Compile(ElementType type) {
  void* program = nullptr;
  const void* none = nullptr;
  Compiler().Must("nvrtcCreateProgram", &program, lastly_kernels, "kernels.cu", 0, none, none);
  const std::string architecture = Architecture();
  std::vector<const char*> options = {architecture.c_str()};
  if (type == kBFloat16) options.push_back("-DELEMENT_BFLOAT16");
  if (Compiler().Call("nvrtcCompileProgram", program, static_cast<int>(options.size()), options.data()))
    throw std::runtime_error("kernels.cu does not compile for " + architecture + ": " + Log(program));
  std::size_t size = 0;
  Compiler().Must("nvrtcGetCUBINSize", program, &size);
  std::vector<char> binary(size);
  Compiler().Must("nvrtcGetCUBIN", program, binary.data());
  Compiler().Must("nvrtcDestroyProgram", &program);
  return binary;
}

// A kernel in the calling thread's context; compiled when it is first wanted there.
void* Find(const std::string& kernel, ElementType type) {
  static std::mutex mutex;
  static std::map<std::tuple<void*, ElementType, std::string>, void*> functions;
  void* context = nullptr;
  Driver().Must("cuCtxGetCurrent", &context);
  const std::lock_guard<std::mutex> lock(mutex);
  void*& function = functions[{context, type, kernel}];
  if (function) return function;
  void* module = nullptr;
  Driver().Must("cuModuleLoadData", &module, static_cast<const void*>(Compile(type).data()));
  Driver().Must("cuModuleGetFunction", &function, module, kernel.c_str());
  return function;
}

}  // namespace

void Launch(const std::string& kernel, ElementType type, void* stream, unsigned blocks, unsigned threads,
            void** arguments) {
  void** const extra = nullptr;
  Driver().Must("cuLaunchKernel", Find(kernel, type), blocks, 1u, 1u, threads, 1u, 1u, 0u, stream, arguments, extra);
}

void Wait(void* stream) {
  int capturing = 0;
  Driver().Must("cuStreamIsCapturing", stream, &capturing);
  if (!capturing) Driver().Must("cuStreamSynchronize", stream);
}
