/**
 * Who uses a connection: what a full pool tells those who wait. Texts of statements carry no parameters.
 * It must not know pools or connections.
 */

/** A use of one connection, from its lease to its return. */
export interface Holder {
  readonly kind: "statement" | "script" | "stream" | "atomic" | "transaction" | "lock";
  /** The statement that runs, or ran last; the key of an advisory lock is not told. */
  text: string | undefined;
  /** Where the connection was asked for; only with the option `holdWarning`. */
  stack?: string | undefined;
}

/** A holder as it is shown to users. */
export interface HolderState {
  readonly kind: Holder["kind"];
  readonly statement: string | undefined;
  /** For how long it has had the connection. */
  readonly milliseconds: number;
}

const SHOWN_HOLDERS = 5;
const SHOWN_TEXT = 120;
const words: Readonly<Record<Holder["kind"], string>> = {
  statement: "a statement",
  script: "a script",
  stream: "a stream of rows",
  atomic: "an atomic block",
  transaction: "a transaction of begin()",
  lock: "an advisory lock",
};

/** "an atomic block for 1200 ms, last statement: SELECT …": one line, without control characters. */
export function describeHolder(holder: HolderState): string {
  const text = holder.statement?.replaceAll(/\s+/g, " ").replaceAll(/[^\P{C}]/gu, "");
  const shown = text === undefined || text.length <= SHOWN_TEXT ? text : `${text.slice(0, SHOWN_TEXT)}…`;
  const block = holder.kind === "atomic" || holder.kind === "transaction";
  const said = shown === undefined ? "" : block ? `, last statement: ${shown}` : `: ${shown}`;
  return `${words[holder.kind]} for ${Math.round(holder.milliseconds)} ms${said}`;
}

/** The holders of a full pool as the end of a message, those that hold longest first. */
export function describeHolders(holders: readonly HolderState[]): string {
  if (holders.length === 0) return "";
  const sorted = holders.toSorted((a, b) => b.milliseconds - a.milliseconds);
  const more = sorted.length > SHOWN_HOLDERS ? `; and ${sorted.length - SHOWN_HOLDERS} more` : "";
  return ` They are held by: ${sorted.slice(0, SHOWN_HOLDERS).map(describeHolder).join("; ")}${more}.`;
}
