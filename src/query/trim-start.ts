/** The inner query of a negated multi-valued condition without the tables it shares with the outer one. */
import { col, lateParam, lookup, type ColumnField, type Expr } from "../ast/expr.js";
import type { Field } from "../fields/field.js";
import type { Step, Walked } from "./names.js";
import type { Query } from "./state.js";

/**
 * Drops the tables before the first multi-valued join and selects the columns that lead back to the outer query.
 * `prefix` is the path of the same value seen from the outer query; `outer` tells that a dropped join may find no row.
 */
export function trimStart(query: Query, named: Walked["named"]): { prefix: string; outer: boolean } {
  const steps: Step[] = named.flatMap((n) => n.steps);
  const base = query.baseAlias;
  const tables = [...query.aliases.keys()].filter((a) => a === base || query.lookupJoins.includes(a));
  let outer = false;
  let trimmed = 0;
  for (; trimmed < steps.length; trimmed++) {
    if (steps[trimmed]!.multi) break;
    if (query.aliases.get(tables[trimmed + 1]!)!.type === "LEFT") outer = true;
    query.unref(tables[trimmed]!);
  }
  const step = steps[Math.min(trimmed, steps.length - 1)]!;
  const pairs = step.pairs; // left: the side towards the outer query
  let left = trimmed;
  const names: string[] = [];
  for (const n of named) {
    if (left - n.steps.length < 0) break;
    names.push(n.name);
    left -= n.steps.length;
  }
  const target: Field = pairs[0]![0];
  names.push(target.name);
  const first = query.aliases.get(tables[trimmed + 1]!)!;
  let fields: readonly Field[], alias: string;
  if (first.type !== "LEFT" && first.filtered === null && first.restriction?.side !== "left") {
    fields = pairs.map(([, right]) => right);
    alias = tables[trimmed + 1]!;
    query.unref(tables[trimmed]!);
    // What was a condition of the join is one of the query now that the join is gone.
    if (first.restriction !== null)
      query.addWhere(
        lookup("exact", col(alias, first.restriction.field as unknown as ColumnField), [
          lateParam(first.restriction.value, first.restriction.field),
        ]),
      );
  } else {
    fields = pairs.map(([l]) => l);
    alias = tables[trimmed]!;
    if (first.restriction?.side === "left") {
      // What the join compares is not all that has to be equal: the rows themselves are.
      fields = step.from.pkFields;
      names[names.length - 1] = step.from.pk.name;
    }
  }
  // What stands first in FROM must not be a join.
  for (const [a, t] of query.aliases) {
    if ((query.refs.get(a) ?? 0) > 0) {
      query.aliases.set(a, {
        ...t,
        parent: null,
        type: null,
        pairs: [],
        joinField: null,
        nullable: false,
        restriction: null,
      });
      break;
    }
  }
  query.select = fields.map((f): Expr => col(alias, f as unknown as ColumnField));
  query.defaultCols = false;
  query.valuesSelect = [];
  return { prefix: names.join("__"), outer };
}
