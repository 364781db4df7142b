import type { Backend, EvaluatedModel, ModelSession } from "./backend.ts";
export interface OpenAiOptions {
  readonly url: string;
}
export class OpenAiBackend implements Backend {
  readonly name = "openai";
  constructor(_: OpenAiOptions) {}
  identify(): Promise<EvaluatedModel> {
    throw new Error();
  }
  settingsOf() {
    return {};
  }
  open(): Promise<ModelSession> {
    throw new Error();
  }
  async close() {}
}
