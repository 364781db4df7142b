/** Buffers that a model computes from its config, which checkpoints of different age hold or lack. */

const DERIVED_SUFFIXES = [".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias"] as const;

/** The suffix that makes a tensor a derived buffer, or undefined. */
export function derivedSuffix(tensorName: string): string | undefined {
  return DERIVED_SUFFIXES.find((suffix) => tensorName.endsWith(suffix));
}

/** Removes the derived buffers from `tensors`; one note for each kind of them. */
export function dropDerivedBuffers(tensors: Map<string, unknown>): string[] {
  const counts = new Map<string, number>();
  for (const name of tensors.keys()) {
    const suffix = derivedSuffix(name);
    if (suffix === undefined) continue;
    counts.set(suffix, (counts.get(suffix) ?? 0) + 1);
    tensors.delete(name);
  }
  return [...counts].map(
    ([suffix, count]) =>
      `dropped ${count} *${suffix} ${count === 1 ? "buffer" : "buffers"}, which the model derives from its config`,
  );
}
