/** Finds and reads the models that a recipe names: headers and configs only. */
import { type Checkpoint, readCheckpoint } from "../checkpoint/checkpoint.ts";
import { locateModel } from "../checkpoint/locate.ts";
import { describeReference, type ModelReference, type Recipe } from "../recipe/recipe.ts";
import type { PlannedModel } from "./merge-plan.ts";
import type { Problems } from "./problems.ts";

export interface InputModel {
  readonly reference: string;
  readonly checkpoint: Checkpoint;
}

export interface Inputs {
  /** Null where the method ignores a base. */
  readonly base: InputModel | null;
  readonly models: readonly InputModel[];
}

/** Reads all models; undefined (with every problem collected) if one cannot be read. */
export function readInputs(recipe: Recipe, usesBase: boolean, problems: Problems): Inputs | undefined {
  const known = new Map<string, InputModel | undefined>();
  const read = (reference: ModelReference) => {
    const name = describeReference(reference);
    if (!known.has(name))
      known.set(
        name,
        problems.attempt(() => readModel(reference, recipe)),
      );
    return known.get(name);
  };
  const base = usesBase && recipe.baseModel !== null ? read(recipe.baseModel) : null;
  const models = recipe.models.map(({ reference }) => read(reference));
  if (base === undefined || models.includes(undefined)) return undefined;
  return { base, models: models as InputModel[] };
}

/** The folder that a reference leads to. */
export function locateReference(reference: ModelReference, recipe: Recipe): string {
  return locateModel(reference, {
    recipeFolder: recipe.origin.folder,
    workingFolder: process.cwd(),
    environment: process.env,
  });
}

function readModel(reference: ModelReference, recipe: Recipe): InputModel {
  return {
    reference: describeReference(reference),
    checkpoint: readCheckpoint(locateReference(reference, recipe)),
  };
}

/** What the plan keeps of a model. */
export function plannedModel({ reference, checkpoint }: InputModel): PlannedModel {
  const files = checkpoint.shards.map(({ path, byteSize, modifiedNs, device, inode, headerHash }) => ({
    path,
    byteSize,
    modifiedNs,
    device,
    inode,
    headerHash,
  }));
  return { reference, folder: checkpoint.folder, files };
}
