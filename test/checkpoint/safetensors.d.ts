/** The npm package has no types; this is the part that serves as an independent reader. */
declare module "safetensors" {
  class SafeTensor {
    constructor(file: Uint8Array);
    readonly metadata: Map<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
    getTensor(name: string): Uint8Array;
  }
  const safetensors: { SafeTensor: typeof SafeTensor };
  export default safetensors;
}
