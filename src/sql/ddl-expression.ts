/**
 * Expressions inside DDL: columns stand without their table, values as literals. It writes one expression; the statements
 * around them stand in `ddl.ts`.
 */
import type { DdlExpr } from "../ast/ddl.js";
import { typeOrNull, type Expr, type ListNode, type NodeOf, type ParamNode } from "../ast/expr.js";
import type { DbParam, DialectInfo } from "../ast/seams.js";
import { NotSupportedError } from "../base/errors.js";
import { dialectFor } from "./compile.js";
import { Compiled, type Binding } from "./compiled.js";
import { Compiler, type Dialect } from "./compiler.js";
import { quoteLiteral } from "./literal.js";

// Literals are the same whatever the zone of the session, since moments are sent in UTC.
const ZONE = "UTC";

/** A dialect whose columns have no table before them, and that has no subqueries. */
function unqualified(dialect: Dialect): Dialect {
  const refuse = (what: string) => () => {
    throw new NotSupportedError(`${what} cannot stand in a definition.`, "ddl.expression");
  };
  return {
    ...dialect,
    handlers: {
      ...dialect.handlers,
      col: (c, n) => void c.ident(n.field.column!),
      subquery: refuse("A subquery"),
      window: refuse("A window function"),
      aggregate: refuse("An aggregate"),
    },
  };
}

class DdlCompiler extends Compiler {
  private readonly values: readonly unknown[];
  constructor(info: DialectInfo, values: readonly unknown[]) {
    super(unqualified(dialectFor(info)), info, ZONE);
    this.values = values;
  }
  override bind(b: Binding): this {
    if (b.list !== "expand") return this.put(this.bound(b));
    return this.text(
      this.members(b)
        .map((v) => quoteLiteral(v, this.info))
        .join(", "),
    );
  }
  override listParam(node: ListNode): this {
    const type = typeOrNull(node);
    const array = this.dialect.placeholder === "$";
    return this.bind({ slot: node.slot, value: node.value, type, map: node.map, list: array ? "array" : "expand" });
  }
  override inline(node: ParamNode): this {
    return this.param(node);
  }
  private put(value: DbParam): this {
    const text = quoteLiteral(value, this.info);
    // A cast binds tighter than a sign, and a sign after an operator makes another one.
    return this.text(text.startsWith("-") ? `(${text})` : text);
  }
  /** What a driver would be given. */
  private bound(b: Binding): DbParam {
    return new Compiled([""], [b], this.info).bind(this.values, ZONE).params[0]!;
  }
  private members(b: Binding): DbParam[] {
    const given = b.slot >= 0 ? this.values[b.slot] : b.value;
    const list = b.map === undefined ? given : b.map(given, { dialect: this.info, timeZone: ZONE });
    return (list as readonly unknown[]).map((value) => {
      const { list: _list, map: _map, ...rest } = b;
      return this.bound({ ...rest, slot: -1, value });
    });
  }
  result(): string {
    return this.finish().segments.join("");
  }
}

/** An expression as text for DDL. @throws NotSupportedError for what no definition may hold */
export function writeDdlExpression(expression: DdlExpr, info: DialectInfo): string {
  const c = new DdlCompiler(info, expression.values);
  c.emit(expression.node);
  return c.result();
}
/** True for an expression that is nothing but a value. */
export function isLiteral(node: Expr): node is NodeOf<"param"> | NodeOf<"null"> {
  return node.kind === "param" || node.kind === "null";
}
