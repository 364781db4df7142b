/** Recognising weights that cannot be merged as numbers: quantised formats and F64. */

import { type Dtype, isFloatDtype } from "../dtypes.ts";
import { TiesmithError } from "../errors.ts";
import type { ModelConfig } from "./config.ts";
import type { TensorEntry } from "./header.ts";
import { isJsonObject } from "./json-file.ts";
import { quoted } from "./wording.ts";

// Names that only quantised checkpoints have: their scales, codes and packed weights.
const SIGNS: readonly (readonly [RegExp, string])[] = [
  [
    /\.quant_state\.bitsandbytes__\w+$|\.weight\.(absmax|quant_map|nested_absmax|nested_quant_map)$/,
    "bitsandbytes 4-bit",
  ],
  [/\.(weight_format|SCB)$/, "bitsandbytes 8-bit"],
  [/\.(qweight|qzeros|g_idx)$/, "GPTQ or AWQ"],
  [/\.weight_packed$/, "compressed-tensors"],
  [/\.weight_scale_inv$/, "block-wise FP8"],
  [/_proj_blocks$/, "MXFP4"],
];

/**
 * Refuses a model with a tensor whose bytes are not numbers to be merged or copied.
 *
 * A `quantization_config` alone is no reason: models saved after they were dequantised keep it. It names the
 * format where the tensors show one.
 *
 * @throws DTYPE_UNSUPPORTED naming the format and the first such tensor
 */
export function refuseUnmergeable(
  tensors: Iterable<TensorEntry>,
  config: ModelConfig | null,
  folder: string,
): void {
  const method = quantMethod(config);
  for (const { name, dtype } of tensors) {
    const format = formatOf(name, dtype, method);
    if (format === null) continue;
    const advice =
      format === "F64"
        ? "convert it to F32"
        : "use the unquantised release of the model, or dequantise and save it first";
    throw new TiesmithError(
      "DTYPE_UNSUPPORTED",
      `Expected F32, F16 or BF16 weights in ${folder}, but tensor ${quoted(name)} is stored as ${format}; ${advice}`,
      { path: folder, tensor: name, format },
    );
  }
}

function formatOf(name: string, dtype: Dtype, method: string | null): string | null {
  const sign = SIGNS.find(([pattern]) => pattern.test(name))?.[1];
  const isPacked = method !== null && /\.weight$/.test(name) && !isFloatDtype(dtype) && dtype !== "F64";
  if (sign !== undefined || isPacked) return method ?? sign ?? null;
  if (dtype === "F64") return "F64";
  if (dtype.startsWith("F8_")) return method === null ? `FP8 (${dtype})` : `${method} (${dtype})`;
  return null;
}

/** The format that `quantization_config` names, with the bit count where it says one. */
function quantMethod(config: ModelConfig | null): string | null {
  const text = config?.raw.text_config;
  const settings =
    config?.raw.quantization_config ?? (isJsonObject(text) ? text.quantization_config : undefined);
  if (!isJsonObject(settings)) return null;
  const method = typeof settings.quant_method === "string" ? settings.quant_method : "quantised weights";
  const bits = settings.load_in_4bit === true ? 4 : settings.load_in_8bit === true ? 8 : settings.bits;
  return typeof bits === "number" ? `${method} ${bits}-bit` : method;
}
