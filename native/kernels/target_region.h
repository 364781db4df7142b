// Code between BEGIN and END may use an instruction set that the rest of the binary must not.
// Target regions rather than -m flags on files: inline code of the standard library compiled with such
// a flag could be the copy that the linker keeps for every CPU.
#pragma once

#define TIESMITH_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define TIESMITH_TARGET_BEGIN(features) \
  TIESMITH_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define TIESMITH_TARGET_END TIESMITH_PRAGMA(clang attribute pop)
#else
#define TIESMITH_TARGET_BEGIN(features) TIESMITH_PRAGMA(GCC push_options) TIESMITH_PRAGMA(GCC target(features))
#define TIESMITH_TARGET_END TIESMITH_PRAGMA(GCC pop_options)
#endif
