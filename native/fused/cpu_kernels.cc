#include "cpu_kernels.h"

#include <ATen/Version.h>

#include <string>

namespace adaptune {

namespace {

// ATEN_CPU_CAPABILITY limits LibTorch's choice, and so this one; but it can not make a processor
// run what it does not have.
const kernels::AllKernels& choose() {
#if defined(ADAPTUNE_X86_KERNELS)
  const std::string capability = at::get_cpu_capability();
  const bool hasAvx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool hasAvx512 = hasAvx2 && __builtin_cpu_supports("avx512f") &&
                         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                         __builtin_cpu_supports("avx512vl");
  const bool wantsAvx512 = capability.starts_with("AVX512") || capability.starts_with("AVX10");
  if (wantsAvx512 && hasAvx512) return kernels::avx512::kernels;
  if ((wantsAvx512 || capability == "AVX2") && hasAvx2) return kernels::avx2::kernels;
#endif
  return kernels::baseline::kernels;
}

}  // namespace

const kernels::AllKernels& chosenKernels() {
  static const kernels::AllKernels& chosen = choose();
  return chosen;
}

}  // namespace adaptune
