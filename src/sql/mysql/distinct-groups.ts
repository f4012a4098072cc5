/**
 * A way round an error of MariaDB's: where HAVING asks for an aggregate of DISTINCT values, a window function is computed over the groups, and
 * the rows have to go through a temporary table before they can be grouped (a join is enough), no group passes. From one table, or one derived
 * table, the groups are right; so the joins are done first, in a derived table that gives the columns that are asked for.
 */
import { where, type ColNode, type Expr, type OrderNode } from "../../ast/expr.js";
import type { SelectStatement } from "../../ast/statement.js";
import { containsWindow, mapChildren, nodeKey, some } from "../../ast/walk.js";
import type { Compiler } from "../compiler.js";

const ALIAS = "joined";

/** The statement that gives the right groups: the same one where nothing is wrong with it. */
export function groupsOfOneTable(c: Compiler, s: SelectStatement): SelectStatement {
  if (s.having === null || s.groupBy === null || s.from.length < 2) return s;
  if (!some(s.having, (n) => n.kind === "aggregate" && n.distinct)) return s;
  if (!s.columns.some((col) => containsWindow(col.expr)) && !s.orderBy.some((o) => containsWindow(o))) return s;
  const names = new Map<string, { readonly name: string; readonly node: ColNode }>();
  const outward = (n: Expr): Expr => {
    if (n.kind === "ref") return n;
    // Their text names the joined tables, which cannot be seen from outside of the derived one.
    if (n.kind === "subquery" || n.kind === "raw")
      c.notSupported(
        "A condition on an aggregate of distinct values beside a window function and a subquery or raw SQL, over joined tables",
      );
    if (n.kind !== "col") return mapChildren(n, outward);
    const key = nodeKey(n);
    const known = names.get(key) ?? { name: `${ALIAS}_${names.size}`, node: n };
    names.set(key, known);
    return { kind: "ref", name: known.name, source: n, type: n.type };
  };
  const moved = {
    columns: s.columns.map((col) => ({ ...col, expr: outward(col.expr) })),
    groupBy: s.groupBy.map(outward),
    having: where("AND", [outward(s.having)]),
    orderBy: s.orderBy.map((o) => outward(o) as OrderNode),
  };
  const rows: SelectStatement = {
    ...s,
    columns: [...names.values()].map(({ name, node }) => ({ expr: node, alias: name })),
    distinct: false,
    distinctOn: [],
    groupBy: null,
    having: null,
    orderBy: [],
    low: null,
    // Without a limit the derived table would be merged into the statement around it.
    high: Number.MAX_SAFE_INTEGER,
    lock: null,
    explain: null,
  };
  return { ...s, ...moved, from: [{ kind: "derived", alias: ALIAS, select: rows }], where: null };
}
