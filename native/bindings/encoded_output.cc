#include "bindings/encoded_output.h"

#include <cmath>

#include "bindings/chunk_result.h"
#include "bindings/float_environment.h"
#include "io/xxh3.h"

namespace tiesmith {
namespace {

GgufType read_type(Napi::Env env, const std::string& name) {
  if (name == "f32") return GgufType::F32;
  if (name == "f16") return GgufType::F16;
  if (name == "bf16") return GgufType::BF16;
  if (name == "q8_0") return GgufType::Q8_0;
  throw Napi::RangeError::New(env, "Expected encoding.type f32, f16, bf16 or q8_0, but received " + name);
}

}  // namespace

std::optional<Encoding> read_encoding(Napi::Env env, const FieldReader& output, std::uint64_t element_count) {
  if (!output.has("encoding")) return std::nullopt;
  const FieldReader reader(env, output.field("encoding"), "encoding");
  const Encoding encoding{read_type(env, reader.text("type")), static_cast<float>(reader.number("offset")),
                          reader.count("rowElements"), reader.count("headRows")};
  if (!std::isfinite(encoding.offset)) throw Napi::RangeError::New(env, "Expected encoding.offset to be finite");
  if (encoding.row_elements == 0) throw Napi::RangeError::New(env, "Expected encoding.rowElements to be at least 1");
  if (!can_encode(encoding, element_count))
    throw Napi::RangeError::New(env, "Expected a chunk of whole heads, and of whole blocks of its type");
  return encoding;
}

Napi::Value write_encoded(const Napi::CallbackInfo& info, const FieldReader& output, ChunkOutput& merged, Dtype dtype,
                          std::uint64_t element_count, const Encoding& encoding, Napi::Object result) {
  const std::uint64_t byte_count = encoded_bytes(encoding.type, element_count);
  ChunkOutput encoded(info, output, byte_count);
  std::uint64_t unfit = 0;
  {
    const FloatEnvironment floats;
    unfit = encode(merged.bytes(), dtype, element_count, encoding, encoded.bytes());
  }
  merged.discard(info);
  if (unfit < element_count) {
    encoded.discard(info);
    const Napi::Object answer = failure_as_object(info.Env(), {Status::Overflow, unfit, 0});
    answer.Get("failure").As<Napi::Object>().Set("status", "unfit");
    return answer;
  }
  Xxh3 hash;
  hash.update(encoded.bytes(), byte_count);
  result.Set("hash", hash.hex());
  return encoded.write(info, result);
}

}  // namespace tiesmith
