/**
 * A merge of a model that lies on a full tmpfs, so that its second half cannot be read, and goes on when it can. Takes
 * one JSON argument: `recipe`, whose second model is moved to `mounted`, and `options`. See `full-file-system.ts`.
 */
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { merge } from "tiesmith";

const { recipe, options, mounted } = JSON.parse(process.argv[2]);
const [, sft] = recipe.models;
const path = join(mounted, "model.safetensors");
const whole = readFileSync(join(sft.model, "model.safetensors"));

// Header and first half as they are; the second half is a hole.
writeFileSync(path, whole.subarray(0, whole.byteLength / 2));
truncateSync(path, whole.byteLength);
for (const name of ["config.json", "tokenizer_config.json"])
  copyFileSync(join(sft.model, name), join(mounted, name));
sft.model = mounted;
recipe.parameters.priority = mounted;
const filler = openSync(join(mounted, "filler"), "w");
try {
  for (;;) writeFileSync(filler, Buffer.alloc(1 << 16));
} catch (error) {
  if (error.code !== "ENOSPC") throw error;
}
closeSync(filler);

let failure = null;
try {
  await merge(recipe, options);
} catch (error) {
  failure = { code: error.code, message: error.message, details: error.details };
}
rmSync(join(mounted, "filler"));
const { resumedTensors } = await merge(recipe, { ...options, resume: true });
console.log(JSON.stringify({ error: failure, resumedTensors }));
