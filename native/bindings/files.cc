// Functions on files: mappings of inputs, reserved outputs.
#include "bindings/addon.h"
#include "bindings/chunk_job.h"
#include "io/xxh3.h"

namespace tiesmith {
namespace {

std::string text_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
  if (!info[index].IsString()) throw Napi::TypeError::New(info.Env(), std::string("Expected ") + name + " to be a string");
  const std::string text = info[index].As<Napi::String>();
  // The system would read it up to there: another path than the one that was given.
  if (text.find('\0') != std::string::npos)
    throw Napi::TypeError::New(info.Env(), std::string("Expected ") + name + " without NUL");
  return text;
}

// mapFile(path, borrows = false) -> handle
Napi::Value map_file(const Napi::CallbackInfo& info) {
  const std::string path = text_argument(info, 0, "path");
  if (!info[1].IsUndefined() && !info[1].IsBoolean())
    throw Napi::TypeError::New(info.Env(), "Expected borrows to be true or false");
  SystemError error;
  auto file = MappedFile::open(path, error);
  if (error) throw_system_error(info.Env(), error, path);
  if (info[1].IsBoolean() && info[1].As<Napi::Boolean>()) file->borrow();
  return make_handle<const MappedFile>(info.Env(), std::move(file));
}

// closeFile(handle): releases this environment's hold on the mapping. Closing twice is harmless.
Napi::Value close_file(const Napi::CallbackInfo& info) {
  owner_of<const MappedFile>(info.Env(), info[0]).reset();
  return info.Env().Undefined();
}

// readAhead(handle, byteOffset, byteCount)
Napi::Value read_ahead(const Napi::CallbackInfo& info) {
  native_of<const MappedFile>(info.Env(), info[0])
      ->read_ahead(read_count(info.Env(), info[1], "byteOffset"), read_count(info.Env(), info[2], "byteCount"));
  return info.Env().Undefined();
}

// hashRange(handle, byteOffset, byteCount) -> XXH3-128 as hexadecimal digits
Napi::Value hash_range(const Napi::CallbackInfo& info) {
  const auto file = native_of<const MappedFile>(info.Env(), info[0]);
  const HeldRange range = hold_range(info.Env(), file, read_count(info.Env(), info[1], "byteOffset"),
                                     read_count(info.Env(), info[2], "byteCount"));
  range.populate(info.Env());
  Xxh3 hash;
  guarded_read(info.Env(), {range}, [&] { hash.update(range.bytes(), range.byte_count); });
  return Napi::String::New(info.Env(), hash.hex());
}

// hashBytes(bytes) -> XXH3-128 as hexadecimal digits
Napi::Value hash_bytes(const Napi::CallbackInfo& info) {
  if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
    throw Napi::TypeError::New(info.Env(), "Expected bytes to be a Uint8Array");
  const auto bytes = info[0].As<Napi::Uint8Array>();
  Xxh3 hash;
  hash.update(bytes.Data(), bytes.ByteLength());
  return Napi::String::New(info.Env(), hash.hex());
}

// reserveFile(path, byteCount): creates the file, with its room.
Napi::Value reserve(const Napi::CallbackInfo& info) {
  const std::string path = text_argument(info, 0, "path");
  if (const SystemError error = reserve_file(path, read_count(info.Env(), info[1], "byteCount")))
    throw_system_error(info.Env(), error, path);
  return info.Env().Undefined();
}

// openOutput(path) -> handle
Napi::Value open_output(const Napi::CallbackInfo& info) {
  const std::string path = text_argument(info, 0, "path");
  SystemError error;
  auto file = OutputFile::open(path, error);
  if (error) throw_system_error(info.Env(), error, path);
  return make_handle<OutputFile>(info.Env(), std::move(file));
}

Napi::Value close_output(const Napi::CallbackInfo& info) {
  owner_of<OutputFile>(info.Env(), info[0]).reset();
  return info.Env().Undefined();
}

}  // namespace

void define_file_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("mapFile", Napi::Function::New(env, map_file, "mapFile"));
  exports.Set("closeFile", Napi::Function::New(env, close_file, "closeFile"));
  exports.Set("readAhead", Napi::Function::New(env, read_ahead, "readAhead"));
  exports.Set("hashRange", Napi::Function::New(env, hash_range, "hashRange"));
  exports.Set("hashBytes", Napi::Function::New(env, hash_bytes, "hashBytes"));
  exports.Set("reserveFile", Napi::Function::New(env, reserve, "reserveFile"));
  exports.Set("openOutput", Napi::Function::New(env, open_output, "openOutput"));
  exports.Set("closeOutput", Napi::Function::New(env, close_output, "closeOutput"));
}

}  // namespace tiesmith
