/**
 * Listeners for statements: `"query"` for each, `"slow"` for those over a limit. A listener that fails is a warning and never a
 * failed statement. It must not know connections.
 */
import { ownOptions, refuseUnknown } from "../base/options.js";
import { suggest, ValueError } from "../base/errors.js";
import { QueryRecord, type RecordParts } from "./log.js";

/** What can be listened for: every statement once it has ended, or those that took too long. */
export type QueryEventName = "query" | "slow";
export type QueryListener = (record: QueryRecord) => void;

export interface ListenOptions {
  /** Have the parameters in the record. They may be passwords and personal data: for debugging only. */
  readonly params?: boolean | undefined;
  /** Of `"slow"`: the limit in milliseconds, where the setting `slowQuery` is not meant. */
  readonly over?: number | undefined;
}

interface Listener {
  readonly listener: QueryListener;
  readonly params: boolean;
  /** Called for statements that took so long; `undefined`: the setting. */
  readonly over: number | undefined;
  readonly event: QueryEventName;
}

const EVENTS = ["query", "slow"];

/** The listeners of one database. */
export class Listeners {
  readonly #list: Listener[] = [];
  #slow: number | undefined;

  /** True while there is anybody to tell. */
  get any(): boolean {
    return this.#list.length > 0 || this.#slow !== undefined;
  }

  /** The limit of the setting `slowQuery`. */
  set slow(milliseconds: number | undefined) {
    this.#slow = milliseconds;
  }

  /** Adds one and gives what takes it away. @throws ValueError for another name or options that cannot be meant */
  add(event: QueryEventName, listener: QueryListener, given: ListenOptions = {}): () => void {
    if (!EVENTS.includes(event))
      throw new ValueError(
        `There is no event of that name to listen for.${suggest(String(event).slice(0, 40), EVENTS)}`,
        "listener.event",
      );
    if (typeof listener !== "function")
      throw new ValueError(`on("${event}", listener) takes a function.`, "listener.argument");
    const options = ownOptions(given);
    const names = event === "slow" ? ["params", "over"] : ["params"];
    refuseUnknown(`on("${event}")`, options, names, (text) => new ValueError(text, "listener.option"));
    if (options.over !== undefined) checkLimit("over", options.over);
    if (event === "slow" && options.over === undefined && this.#slow === undefined)
      throw new ValueError(
        'on("slow") needs a limit: the setting slowQuery of babik(), or the option over, both in milliseconds.',
        "listener.limit",
      );
    const entry: Listener = { listener, params: options.params === true, over: options.over, event };
    this.#list.push(entry);
    return () => {
      const at = this.#list.indexOf(entry);
      if (at >= 0) this.#list.splice(at, 1);
    };
  }

  /** Tells everybody whom it concerns. */
  tell(parts: RecordParts): void {
    let told = false;
    for (const entry of this.#list.slice()) {
      if (entry.event === "slow") {
        if (parts.milliseconds < (entry.over ?? this.#slow ?? Number.POSITIVE_INFINITY)) continue;
        told ||= entry.over === undefined;
      }
      try {
        entry.listener(new QueryRecord(parts, entry.params));
      } catch (error) {
        process.emitWarning(
          `A listener for "${entry.event}" failed: ${error instanceof Error ? error.name : "a value was thrown"}.`,
          { code: "BABIK_LISTENER", type: "BabikWarning" },
        );
      }
    }
    if (!told && this.#slow !== undefined && parts.milliseconds >= this.#slow)
      process.emitWarning(`A statement took longer than ${this.#slow} ms: ${new QueryRecord(parts, false).line}`, {
        code: "BABIK_SLOW_QUERY",
        type: "BabikWarning",
      });
  }
}

/** A limit in milliseconds. @throws ValueError for anything else */
export function checkLimit(name: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0)
    throw new ValueError(`'${name}' is a number of milliseconds from 0 up.`, "listener.limit");
  return value;
}
