// Guards of operators whose kernels take it on trust that the sizes of their arguments fit
// together.
#pragma once

#include <string>

#include "guards.h"

namespace adaptune {

// The guard that looks at the sizes of an operator's arguments; nullptr for those without.
Guard sizeGuardOf(const std::string& name);

}  // namespace adaptune
