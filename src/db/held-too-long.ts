/**
 * Warnings of connections that are held for too long (the option `holdWarning`): who has it, and where it was asked for.
 * For finding leaks; without the option none of it runs. It must not know pools.
 */
import { describeHolder, type Holder } from "./holder.js";

/** Frames that are kept: those of babik itself come first. */
const FRAMES = 40;

/** Notes on the holder where it is made. */
export function traceHolder(holder: Holder): void {
  if (holder.stack !== undefined) return;
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, traceHolder);
  Error.stackTraceLimit = before;
  holder.stack = trace.stack?.split("\n").slice(1).join("\n");
}

/** Warns after `within` milliseconds, unless the timer is cleared before. */
export function watchHolder(alias: string, holder: Holder, since: number, within: number): NodeJS.Timeout {
  return setTimeout(() => {
    const state = { kind: holder.kind, statement: holder.text, milliseconds: performance.now() - since };
    const place = holder.stack === undefined ? "" : ` It was asked for here:\n${holder.stack}`;
    process.emitWarning(`A connection of '${alias}' is held by ${describeHolder(state)}.${place}`, {
      code: "BABIK_CONNECTION_HELD",
      type: "BabikWarning",
    });
  }, within).unref();
}
