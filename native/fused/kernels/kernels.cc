// Compiled once for each instruction set, with ADAPTUNE_KERNELS as the name of its namespace.
#include "kernels.h"

#include "add_norm.h"
#include "bias_gelu.h"
#include "dropout.h"
#include "products.h"
#include "softmax_dropout.h"

namespace adaptune::kernels {

namespace {

template <typename T>
constexpr Kernels<T> kernelsOf{
    dropoutRows<T>,          addNormRows<T>,        addNormBackwardRows<T>,       biasGeluRows<T>,
    biasGeluBackwardRows<T>, softmaxDropoutRows<T>, softmaxDropoutBackwardRows<T>};

}  // namespace

namespace ADAPTUNE_KERNELS {

constinit const AllKernels kernels{kernelsOf<float>,
                                   kernelsOf<double>,
                                   kernelsOf<BFloat16>,
                                   {kTileRows, kTileColumns, packPanels<kTileRows>,
                                    packPanels<kTileColumns>, productTile<>, compareGelu}};

}  // namespace ADAPTUNE_KERNELS

}  // namespace adaptune::kernels
