// CRC-32 as zip archives have it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace adaptune {

// Polynomial 0xEDB88320 (ISO 3309), eight bytes a step. `before`: that of the bytes before these.
uint32_t crc32(const void* data, size_t size, uint32_t before = 0);

}  // namespace adaptune
