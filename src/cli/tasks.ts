import type { Command } from "commander";
export function addTasksCommand(_: Command): void {}
