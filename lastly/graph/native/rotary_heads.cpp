#include <algorithm>
#include <cmath>

#include "gpu.h"
#include "operators.h"

// From so many tokens on the host keeps step with the GPU, layer by layer. Otherwise it hands over all layers at once and
// a run that was told to stop goes on to its end: four seconds at 131,072 tokens. A layer of 16,384 takes 3 ms.
constexpr std::int64_t kStoppable = 16384;

struct RotaryHeads::Call {
  Tensor qkv, cos, sin, q_norm, k_norm;
  std::int64_t tokens = 0, dim = 0;
  void *q = nullptr, *k = nullptr, *v = nullptr;
};

RotaryHeads::RotaryHeads(const Api& api, const OrtKernelInfo* info) {
  Check(api, api.KernelInfoGetInt(info, "num_heads", &heads_));
  Check(api, api.KernelInfoGetInt(info, "kv_num_heads", &kv_heads_));
  Check(api, api.KernelInfoGetFloat(info, "epsilon", &epsilon_));
  if (kv_heads_ < 1 || heads_ < kv_heads_ || heads_ % kv_heads_)
    throw std::runtime_error("num_heads must be a multiple of kv_num_heads");
}

RotaryHeads::Call RotaryHeads::Prepare(const Context& context) const {
  Call call;
  std::size_t place = 0;
  for (Tensor* input : {&call.qkv, &call.cos, &call.sin, &call.q_norm, &call.k_norm}) *input = context.Input(place++);
  if (call.qkv.shape.size() != 3) throw std::runtime_error("qkv must be [batch, tokens, width]");
  const std::int64_t all = heads_ + 2 * kv_heads_, width = call.qkv.shape[2];
  call.tokens = call.qkv.shape[1];
  call.dim = width / all;
  if (width % all || call.dim < 16 || call.dim > 256 || (call.dim & (call.dim - 1)))
    throw std::runtime_error("a head must have 16, 32, 64, 128 or 256 numbers");
  const Shape table = {call.tokens, call.dim / 2}, weight = {call.dim};
  if (call.cos.shape != table || call.sin.shape != table)
    throw std::runtime_error("cos and sin must be [tokens, dim / 2]");
  for (const Tensor* norm : {&call.q_norm, &call.k_norm})
    if (norm->data && norm->shape != weight) throw std::runtime_error("q_norm and k_norm must be [dim]");
  const Shape shape = {call.qkv.shape[0], call.tokens, heads_ * call.dim};
  call.q = context.Output(0, shape), call.k = context.Output(1, shape), call.v = context.Output(2, shape);
  return call;
}

namespace {

float Factor(const float* head, std::int64_t dim, float epsilon) {
  float squares = 0;
  for (std::int64_t i = 0; i < dim; ++i) squares += head[i] * head[i];
  return 1 / std::sqrt(squares / dim + epsilon);
}

void Rotate(const float* from, float* to, const float* cos, const float* sin, const float* weight, std::int64_t dim,
            float epsilon) {
  const float factor = weight ? Factor(from, dim, epsilon) : 1;
  const std::int64_t half = dim / 2;
  for (std::int64_t i = 0; i < half; ++i) {
    const float left = from[i] * factor * (weight ? weight[i] : 1);
    const float right = from[half + i] * factor * (weight ? weight[half + i] : 1);
    to[i] = left * cos[i] - right * sin[i];
    to[half + i] = right * cos[i] + left * sin[i];
  }
}

}  // namespace

void RotaryHeads::ComputeOnCpu(const Context& context) const {
  const Call call = Prepare(context);
  if (call.qkv.type != kFloat) throw std::runtime_error("RotaryHeads on the CPU is fp32");
  const std::int64_t dim = call.dim, group = heads_ / kv_heads_;
  const float* from = static_cast<const float*>(call.qkv.data);
  float *q = static_cast<float*>(call.q), *k = static_cast<float*>(call.k), *v = static_cast<float*>(call.v);
  for (std::int64_t row = 0; row < call.qkv.Rows(); ++row) {
    const float* cos = static_cast<const float*>(call.cos.data) + row % call.tokens * (dim / 2);
    const float* sin = static_cast<const float*>(call.sin.data) + row % call.tokens * (dim / 2);
    for (std::int64_t head = 0; head < heads_; ++head, from += dim, q += dim)
      Rotate(from, q, cos, sin, static_cast<const float*>(call.q_norm.data), dim, epsilon_);
    for (std::int64_t head = 0; head < kv_heads_; ++head, from += dim)
      for (std::int64_t copy = 0; copy < group; ++copy, k += dim)
        Rotate(from, k, cos, sin, static_cast<const float*>(call.k_norm.data), dim, epsilon_);
    for (std::int64_t head = 0; head < kv_heads_; ++head, from += dim)
      for (std::int64_t copy = 0; copy < group; ++copy, v += dim) std::copy(from, from + dim, v);
  }
}

void RotaryHeads::ComputeOnGpu(const Context& context) const {
  Call call = Prepare(context);
  if (call.qkv.type != kFloat16 && call.qkv.type != kBFloat16)
    throw std::runtime_error("RotaryHeads on CUDA is fp16 or bf16");
  int tokens = static_cast<int>(call.tokens), heads = static_cast<int>(heads_);
  int kv_heads = static_cast<int>(kv_heads_), dim = static_cast<int>(call.dim);
  float epsilon = epsilon_;
  void* arguments[] = {&call.qkv.data, &call.cos.data, &call.sin.data, &call.q_norm.data, &call.k_norm.data,
                       &call.q,        &call.k,        &call.v,        &tokens,           &heads,
                       &kv_heads,      &dim,           &epsilon};
  const unsigned threads = std::min(1024, (heads + 2 * kv_heads) * dim / 16);
  const auto rows = static_cast<unsigned>(call.qkv.Rows());
  if (rows >= kStoppable) Wait(context.Stream());
  if (rows) Launch(kName, call.qkv.type, context.Stream(), rows, threads, arguments);
}
