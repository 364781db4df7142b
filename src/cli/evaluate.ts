import type { Command } from "commander";
export function addEvaluateCommand(_: Command): void {}
