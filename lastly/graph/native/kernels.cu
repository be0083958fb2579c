// The operators on a GPU, in fp16 or bf16 (ELEMENT_BFLOAT16); sums and products are fp32. Compiled by NVRTC for the GPU
// at hand, without CUDA's headers.

#ifdef ELEMENT_BFLOAT16
__device__ inline float Widen(unsigned short bits) { return __uint_as_float(static_cast<unsigned>(bits) << 16); }
__device__ inline unsigned short Narrow(float value) {
  unsigned short bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}
#else
__device__ inline float Widen(unsigned short bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
}
__device__ inline unsigned short Narrow(float value) {
  unsigned short bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}
#endif

struct alignas(16) Eight {
  unsigned short at[8];
};

struct alignas(16) Floats {
  float at[8];
};

// Sums over the `lanes` (a power of two, at most 16) neighbouring threads that share a head.
__device__ inline float HeadSum(float value, int lanes) {
  const unsigned all = ((1u << lanes) - 1u) << (threadIdx.x % 32 / lanes * lanes);
  for (int distance = lanes / 2; distance > 0; distance /= 2) value += __shfl_xor_sync(all, value, distance);
  return value;
}

__device__ inline void Normalise(float left[8], float right[8], const Floats* weight, int lane, int lanes,
                                 float epsilon) {
  float squares = 0;
  for (int i = 0; i < 8; ++i) squares += left[i] * left[i] + right[i] * right[i];
  const float factor = rsqrtf(HeadSum(squares, lanes) / (16 * lanes) + epsilon);
  const Floats near = weight[lane], far = weight[lanes + lane];
  for (int i = 0; i < 8; ++i) {
    left[i] *= factor * near.at[i];
    right[i] *= factor * far.at[i];
  }
}

// One block a token; dim / 16 threads a head, each with eight numbers of either half. Keys and values are written once
// for every head of queries that reads them.
extern "C" __global__ void RotaryHeads(const Eight* qkv, const Floats* cos, const Floats* sin, const Floats* q_norm,
                                       const Floats* k_norm, Eight* q, Eight* k, Eight* v, int tokens, int heads,
                                       int kv_heads, int dim, float epsilon) {
  const int lanes = dim / 16, lane = threadIdx.x % lanes, group = heads / kv_heads, all = heads + 2 * kv_heads;
  const long long row = blockIdx.x;
  const int angle = (row % tokens) * lanes + lane;
  for (int head = threadIdx.x / lanes; head < all; head += blockDim.x / lanes) {
    const Eight* from = qkv + (row * all + head) * 2 * lanes + lane;
    Eight near = from[0], far = from[lanes];
    if (head < heads + kv_heads) {
      const Floats c = cos[angle], s = sin[angle];
      float left[8], right[8];
      for (int i = 0; i < 8; ++i) left[i] = Widen(near.at[i]), right[i] = Widen(far.at[i]);
      const Floats* weight = head < heads ? q_norm : k_norm;
      if (weight) Normalise(left, right, weight, lane, lanes, epsilon);
      for (int i = 0; i < 8; ++i) {
        near.at[i] = Narrow(left[i] * c.at[i] - right[i] * s.at[i]);
        far.at[i] = Narrow(right[i] * c.at[i] + left[i] * s.at[i]);
      }
    }
    const bool query = head < heads, key = !query && head < heads + kv_heads;
    Eight* to = query ? q : key ? k : v;
    const int first = query ? head : (head - heads - (key ? 0 : kv_heads)) * group;
    for (int copy = 0; copy < (query ? 1 : group); ++copy) {
      Eight* place = to + (row * heads + first + copy) * 2 * lanes + lane;
      place[0] = near;
      place[lanes] = far;
    }
  }
}

// One block a token: `eights` is the width of the output in groups of eight; a row of the input is twice as wide.
extern "C" __global__ void GatedSilu(const Eight* gate_up, Eight* output, int eights) {
  const long long row = blockIdx.x;
  for (int place = threadIdx.x; place < eights; place += blockDim.x) {
    const Eight gate = gate_up[row * 2 * eights + place], up = gate_up[(row * 2 + 1) * eights + place];
    Eight product;
    for (int i = 0; i < 8; ++i) {
      const float x = Widen(gate.at[i]);
      product.at[i] = Narrow(x / (1.0f + __expf(-x)) * Widen(up.at[i]));
    }
    output[row * eights + place] = product;
  }
}
