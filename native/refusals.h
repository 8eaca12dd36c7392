// Operators that are refused by name: steps within operators of LibTorch's that trust what they are
// given, so that wrong sizes would read anywhere, and that nobody needs who has the whole.
#pragma once

#include <string>

namespace adaptune {

// What to call instead; nullptr for operators that are not refused.
const char* insteadOf(const std::string& name);

}  // namespace adaptune
