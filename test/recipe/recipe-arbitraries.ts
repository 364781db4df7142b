/** Arbitrary valid recipes, for property tests. */

import fc from "fast-check";

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const filters = fc.oneof(fc.constantFrom("*", "mlp", "self_attn"), fc.string());

/** A scalar, a gradient, or values by filter. */
function settings<T>(value: fc.Arbitrary<T>, isNumber: boolean): fc.Arbitrary<unknown> {
  const gradient = fc.array(value, { minLength: 1, maxLength: 4 });
  const plain: fc.Arbitrary<unknown> = isNumber ? fc.oneof(value, gradient) : value;
  const conditional = fc.record({ filter: filters, value: plain }, { requiredKeys: ["value"] });
  return fc.oneof(plain, conditional, fc.array(conditional, { minLength: 1, maxLength: 3 }));
}

const names = fc.stringMatching(/^[a-z]{1,4}\/[a-z0-9._-]{1,8}$/);
const references = fc.oneof(
  names,
  fc.tuple(names, fc.stringMatching(/^[a-f0-9]{1,7}$/)).map(([name, revision]) => `${name}@${revision}`),
  fc.stringMatching(/^[a-z@+]{1,6}$/).map((path) => ({ path })),
);

const modelParameters = fc.record(
  { weight: settings(finite, true), density: settings(share, true) },
  { requiredKeys: ["weight"] },
);

const dtypes = fc.constantFrom("float32", "float16", "bfloat16", "torch.float16");

/** Valid `ties` recipes as plain objects. */
export function plainRecipes(): fc.Arbitrary<Record<string, unknown>> {
  const models = fc.array(fc.record({ model: references, parameters: modelParameters }), {
    minLength: 1,
    maxLength: 4,
  });
  const parameters = fc.record(
    {
      density: settings(share, true),
      normalize: settings(fc.boolean(), false),
      lambda: settings(finite, true),
      scope: fc.constantFrom("tensor", "model"),
      int8_mask: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  return fc.record(
    {
      merge_method: fc.constant("ties"),
      base_model: fc.constant("the/ancestor"),
      models,
      parameters,
      dtype: dtypes,
      out_dtype: dtypes,
      tokenizer_source: fc.oneof(fc.constant("base"), references),
    },
    { requiredKeys: ["merge_method", "base_model", "models"] },
  );
}
