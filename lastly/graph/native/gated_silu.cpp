#include <algorithm>
#include <cmath>

#include "gpu.h"
#include "operators.h"

namespace {

struct Call {
  Tensor input;
  std::int64_t width;
  void* output;
};

Call Prepare(const Context& context) {
  Call call{context.Input(0), 0, nullptr};
  Shape shape = call.input.shape;
  if (shape.empty() || shape.back() % 16) throw std::runtime_error("gate and up must be multiples of 8 wide");
  call.width = shape.back() /= 2;
  call.output = context.Output(0, shape);
  return call;
}

}  // namespace

void GatedSilu::ComputeOnCpu(const Context& context) const {
  const Call call = Prepare(context);
  if (call.input.type != kFloat) throw std::runtime_error("GatedSilu on the CPU is fp32");
  const float* gate = static_cast<const float*>(call.input.data);
  float* output = static_cast<float*>(call.output);
  for (std::int64_t row = 0; row < call.input.Rows(); ++row, gate += 2 * call.width, output += call.width)
    for (std::int64_t i = 0; i < call.width; ++i) output[i] = gate[i] / (1 + std::exp(-gate[i])) * gate[call.width + i];
}

void GatedSilu::ComputeOnGpu(const Context& context) const {
  Call call = Prepare(context);
  if (call.input.type != kFloat16 && call.input.type != kBFloat16)
    throw std::runtime_error("GatedSilu on CUDA is fp16 or bf16");
  int eights = static_cast<int>(call.width / 8);
  void* arguments[] = {&call.input.data, &call.output, &eights};
  const unsigned threads = std::min(512, (eights + 31) / 32 * 32);
  const auto rows = static_cast<unsigned>(call.input.Rows());
  if (rows && eights) Launch(kName, call.input.type, context.Stream(), rows, threads, arguments);
}
