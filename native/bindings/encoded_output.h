// Chunks that are written as a GGUF file stores them.
#pragma once

#include <optional>

#include "bindings/chunk_output.h"
#include "gguf/encode.h"

namespace tiesmith {

// output.encoding, { type, offset, rowElements, headRows }, or nothing where the bytes are written as they are merged.
std::optional<Encoding> read_encoding(Napi::Env env, const FieldReader& output, std::uint64_t element_count);

// Encodes a merged chunk, and has it written as `ChunkOutput::write` does, with the hash of what is written; or gives
// { failure: { status: "unfit", element, source } } at once where the type cannot hold an element. `merged` is used up.
Napi::Value write_encoded(const Napi::CallbackInfo& info, const FieldReader& output, ChunkOutput& merged, Dtype dtype,
                          std::uint64_t element_count, const Encoding& encoding, Napi::Object result);

}  // namespace tiesmith
