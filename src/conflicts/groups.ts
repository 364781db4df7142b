/** The figures of a model's parts: by kind of module, by layer, and by both. */
import { layerIndex } from "../recipe/recipe.ts";
import type { AnalysisCollector } from "./collector.ts";
import { MODULE_KINDS, type ModuleKind, moduleKind } from "./module-kind.ts";
import type { ConflictsReport, GroupFigures } from "./report-data.ts";

/** Where a tensor stands in the model. */
export interface Place {
  readonly kind: ModuleKind;
  readonly layer: number | null;
}

/** Told from the tensor's name. */
export function placeOf(name: string): Place {
  return { kind: moduleKind(name), layer: layerIndex(name) };
}

/** Tensors outside the layers are no part of `layers`, and in `modules` come last. */
export function groupsOf(
  places: readonly Place[],
  collector: AnalysisCollector,
): Pick<ConflictsReport, "kinds" | "layers" | "modules"> {
  const layers = [...new Set(places.map(({ layer }) => layer))].sort(
    (a, b) => (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY),
  );
  const group = (kind: ModuleKind | null, layer: number | null, isPart: (place: Place) => boolean) => {
    const tensors = [...places.keys()].filter((i) => isPart(places[i] as Place));
    if (tensors.length === 0) return [];
    return [
      { kind, layer, tensorCount: tensors.length, ...collector.total(tensors).figures() } as GroupFigures,
    ];
  };
  return {
    kinds: MODULE_KINDS.flatMap((kind) => group(kind, null, (place) => place.kind === kind)),
    layers: layers.flatMap((layer) =>
      layer === null ? [] : group(null, layer, (place) => place.layer === layer),
    ),
    modules: layers.flatMap((layer) =>
      MODULE_KINDS.flatMap((kind) =>
        group(kind, layer, (place) => place.kind === kind && place.layer === layer),
      ),
    ),
  };
}
