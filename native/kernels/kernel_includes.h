// What kernel bodies use of the standard library, included before any target region opens.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include "half.h"
#include "kernel_types.h"
#include "target_region.h"

#define TIESMITH_INLINE __attribute__((always_inline)) inline
