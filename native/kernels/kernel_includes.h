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

// Sanitized builds leave it to the compiler: with every access checked, bodies that are inlined for every number of
// models take minutes to compile.
#ifndef TIESMITH_INLINE
#define TIESMITH_INLINE __attribute__((always_inline)) inline
#endif
