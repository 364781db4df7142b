/** What mergekit's recipes may hold and tiesmith cannot do yet: refused by name, never ignored. */

/** mergekit's methods, released or proposed (`core_space` and later), beside those that tiesmith has. */
export const MERGEKIT_METHODS: readonly string[] = [
  "linear",
  "slerp",
  "nuslerp",
  "multislerp",
  "karcher",
  "task_arithmetic",
  "ties",
  "dare_ties",
  "dare_linear",
  "breadcrumbs",
  "breadcrumbs_ties",
  "della",
  "della_linear",
  "model_stock",
  "sce",
  "nearswap",
  "arcee_fusion",
  "ram",
  "ramplus_tl",
  "passthrough",
  "core_space",
  "core_ta",
  "lrp",
  "cabs",
  "pcb",
  "zipit",
  "opcm",
];

/** Top-level keys of mergekit without a counterpart, with what to do instead. */
export const UNSUPPORTED_RECIPE_KEYS: ReadonlyMap<string, string> = new Map([
  ["slices", "list whole models under models"],
  ["modules", "list whole models under models"],
  ["tokenizer", "use tokenizer_source: base, or a model with the same vocabulary"],
  ["chat_template", "the template comes with the tokenizer files"],
  ["name", "run one recipe for each stage"],
]);

/** Keys of mergekit's slice sources, which people put beside `model`. */
export const UNSUPPORTED_MODEL_KEYS: ReadonlyMap<string, string> = new Map([
  ["layer_range", "whole models are merged"],
  ["sources", "list whole models under models"],
  ["lora", "merge the adapter into its model first"],
  ["override_architecture", "tensors are matched by name"],
]);

/** Keys of mergekit's long form of a model reference. */
export const UNSUPPORTED_REFERENCE_KEYS: ReadonlyMap<string, string> = new Map([
  ["lora", "merge the adapter into its model first"],
  ["override_architecture", "tensors are matched by name"],
]);
