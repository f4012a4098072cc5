/** The alias map: making, sharing and trimming joins, and their promotion to LEFT and back by votes. */
import type { Expr } from "../ast/expr.js";
import { FieldError } from "../base/errors.js";
import type { Field } from "../fields/field.js";
import type { ModelMeta } from "../meta/options.js";
import { walkNames, type Step, type Walked } from "./names.js";
import type { Query, TableRef } from "./state.js";

/** Aliases that a multi-valued join may share; null when it may share any. */
export type Reuse = Set<string> | null;

/** Set by `resolve.ts`: the condition of a filtered relation is resolved when its join is made. */
export type ResolveFiltered = (query: Query, condition: unknown, reuse: Reuse) => Expr;

export interface JoinInfo {
  readonly final: Walked["final"];
  readonly targets: readonly Field[];
  readonly meta: ModelMeta;
  readonly joins: readonly string[];
  readonly steps: readonly Step[];
  /** Names left after the last field: transforms. */
  readonly transforms: readonly string[];
}

/** Adds the join of one step to `parent`, or shares an equal one. Returns its alias. */
export function join(query: Query, step: Step, parent: string, reuse: Reuse, resolveFiltered: ResolveFiltered): string {
  const table = step.to.dbTable;
  let shared: string | undefined;
  for (const [alias, t] of query.aliases)
    if (
      (reuse === null || reuse.has(alias)) &&
      t.table === table &&
      t.parent === parent &&
      t.joinField === step.joinField &&
      sameFilter(t, step)
    )
      shared = alias;
  if (shared !== undefined) {
    query.ref(shared);
    return shared;
  }
  const filtered = step.filtered ?? null;
  const alias = query.newAlias(table, filtered);
  const type = query.aliases.get(parent)!.type === "LEFT" || step.nullable ? "LEFT" : "INNER";
  const made: TableRef = {
    table,
    alias,
    meta: step.to,
    parent,
    type,
    pairs: step.pairs,
    joinField: step.joinField,
    nullable: step.nullable,
    filtered,
    restriction: step.restriction ?? null,
  };
  query.aliases.set(alias, made);
  if (filtered !== null) {
    const before = query.aliases.size;
    const resolved = resolveFiltered(query, filtered.condition, reuse === null ? null : new Set([...reuse, alias]));
    // Joins that the condition needs have to stand before this one in FROM.
    if (query.aliases.size > before) query.aliases.delete(alias);
    query.aliases.set(alias, {
      ...made,
      type: query.aliases.get(alias)?.type ?? made.type,
      filtered: { ...filtered, resolved },
    });
  }
  return alias;
}
function sameFilter(t: TableRef, step: Step): boolean {
  return (t.filtered?.alias ?? null) === (step.filtered?.alias ?? null);
}

/** Joins for all fields of a path. Names after the last field are returned as transforms. */
export function setupJoins(
  query: Query,
  names: readonly string[],
  meta: ModelMeta,
  alias: string,
  reuse: Reuse,
  allowMany: boolean,
  resolveFiltered: ResolveFiltered,
): JoinInfo {
  let walked: Walked | undefined;
  let error: unknown;
  for (let n = names.length; n > 0; n--) {
    try {
      walked = walkNames(query, names.slice(0, n), meta, { allowMany, strict: true });
      walked = { ...walked, rest: names.slice(n) };
      break;
    } catch (e) {
      if (!(e instanceof FieldError) || n === 1)
        throw n === 1 && error !== undefined && e instanceof FieldError && names.length > 1 ? e : e;
      error ??= e;
    }
  }
  const found = walked!;
  const joins = [alias];
  let at = alias;
  for (const step of found.steps) {
    at = join(query, step, at, step.multi ? reuse : null, resolveFiltered);
    joins.push(at);
  }
  return {
    final: found.final,
    targets: found.targets,
    meta: found.meta,
    joins,
    steps: found.steps,
    transforms: found.rest,
  };
}

/** Takes joins off the end whose columns the table before has too (a foreign key's own column). */
export function trimJoins(
  query: Query,
  info: JoinInfo,
): { targets: readonly Field[]; alias: string; joins: readonly string[] } {
  const joins = [...info.joins];
  let targets = info.targets;
  for (let i = info.steps.length - 1; i >= 0; i--) {
    const step = info.steps[i]!;
    if (joins.length === 1 || !step.direct || step.filtered !== undefined || step.restriction !== undefined) break;
    const mapped = targets.map(
      (t) => step.pairs.find(([, right]) => right === t || (right.column === t.column && right.owner === t.owner))?.[0],
    );
    if (mapped.some((m) => m === undefined)) break;
    targets = mapped as Field[];
    query.unref(joins.pop()!);
  }
  return { targets, alias: joins.at(-1)!, joins };
}

/** Makes joins LEFT, with all joins that hang on them, where they may find no row. */
function promoteJoins(query: Query, aliases: Iterable<string>): void {
  const queue = [...aliases];
  for (let i = 0; i < queue.length; i++) {
    const t = query.aliases.get(queue[i]!);
    if (t === undefined || t.type === null) continue;
    const parentLeft = t.parent !== null && query.aliases.get(t.parent)?.type === "LEFT";
    if ((t.nullable || parentLeft) && t.type !== "LEFT") {
      query.aliases.set(t.alias, { ...t, type: "LEFT" });
      for (const other of query.aliases.values())
        if (other.parent === t.alias && !queue.includes(other.alias)) queue.push(other.alias);
    }
  }
}
/** Makes joins INNER, with the joins they hang on. */
export function demoteJoins(query: Query, aliases: Iterable<string>): void {
  const queue = [...aliases];
  for (let i = 0; i < queue.length; i++) {
    const t = query.aliases.get(queue[i]!);
    if (t === undefined || t.type !== "LEFT") continue;
    query.aliases.set(t.alias, { ...t, type: "INNER" });
    if (t.parent !== null && query.aliases.get(t.parent)?.type === "LEFT") queue.push(t.parent);
  }
}

/**
 * Votes of the parts of a condition on which joins have to find a row. Under AND one vote makes a join INNER; under OR all parts
 * must vote for it, else it becomes LEFT. Negation swaps the two. XOR needs one part that holds, as OR does; when it must not
 * hold, nothing follows for its parts, and joins that they made INNER are LEFT again.
 */
export class JoinVotes {
  private readonly effective: "AND" | "OR" | "NONE";
  private readonly parts: number;
  private readonly votes = new Map<string, number>();
  constructor(connector: "AND" | "OR" | "XOR", parts: number, negated: boolean) {
    if (connector === "XOR") this.effective = negated ? "NONE" : "OR";
    else this.effective = negated ? (connector === "AND" ? "OR" : "AND") : connector;
    this.parts = parts;
  }
  add(aliases: Iterable<string>): void {
    for (const a of aliases) this.votes.set(a, (this.votes.get(a) ?? 0) + 1);
  }
  /** Applies the votes; returns the joins that have to be INNER. */
  apply(query: Query): Set<string> {
    const promote: string[] = [],
      demote = new Set<string>();
    for (const [alias, votes] of this.votes) {
      if (this.effective === "AND" || (this.effective === "OR" && votes === this.parts)) demote.add(alias);
      else promote.push(alias);
    }
    promoteJoins(query, promote);
    demoteJoins(query, demote);
    return demote;
  }
}
