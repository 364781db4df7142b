/** Element formats as safetensors spells them, and as recipes and configs spell them. */

/** Bytes per element of every format that safetensors can hold in whole bytes. */
export const DTYPE_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type Dtype = keyof typeof DTYPE_BYTES;

/** The formats whose tensors are merged; integers and booleans are copied, the rest is refused. */
export const FLOAT_DTYPES = ["F32", "F16", "BF16"] as const;
export type FloatDtype = (typeof FLOAT_DTYPES)[number];

export function isFloatDtype(dtype: string): dtype is FloatDtype {
  return (FLOAT_DTYPES as readonly string[]).includes(dtype);
}

/** Formats copied unchanged when all models agree. */
export function isCopiedDtype(dtype: Dtype): boolean {
  return /^[IU]\d+$|^BOOL$/.test(dtype);
}

/** The names that mergekit recipes and `config.json` use for the float formats. */
export const TORCH_NAMES = { F32: "float32", F16: "float16", BF16: "bfloat16" } as const;

/** The float format that a recipe's `dtype` means (`torch.` prefix allowed), or undefined. */
export function floatDtypeFromTorch(name: string): FloatDtype | undefined {
  const bare = name.replace(/^torch\./, "");
  return FLOAT_DTYPES.find((dtype) => TORCH_NAMES[dtype] === bare);
}
