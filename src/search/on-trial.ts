/** A command or a function that hears of every trial, for those who keep records elsewhere. */
import { spawn } from "node:child_process";
import { messageOf } from "../errors.ts";
import type { Trial } from "./results.ts";

/** A shell command, which reads the trial as JSON from its standard input; or a function. */
export type TrialListener = string | ((trial: Trial) => void | Promise<void>);

/** Tells a listener of a trial; what goes wrong there is returned as text, and ends no search. */
export async function tellTrial(listener: TrialListener, trial: Trial): Promise<string | null> {
  try {
    if (typeof listener === "function") await listener(trial);
    else await runCommand(listener, trial);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** Values stand in the environment too, so that a line of shell is enough. */
function runCommand(command: string, trial: Trial): Promise<void> {
  const { id, method, objective, status } = trial;
  const environment = {
    ...process.env,
    TIESMITH_TRIAL: id,
    TIESMITH_METHOD: method,
    TIESMITH_STATUS: status,
    TIESMITH_OBJECTIVE: objective === null ? "" : String(objective),
    TIESMITH_PARAMETERS: JSON.stringify(trial.parameters),
  };
  return new Promise((resolve, reject) => {
    // Results go to stdout; what the command says is no result.
    const child = spawn(command, {
      shell: true,
      env: environment,
      stdio: ["pipe", process.stderr, process.stderr],
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`the command ended with ${signal ?? `exit code ${code}`}`));
    });
    // A command that does not read its input is no failure.
    child.stdin?.on("error", () => {});
    child.stdin?.end(`${JSON.stringify(trial)}\n`);
  });
}
