/** Functions, aggregates, lookups and node kinds that PostgreSQL writes in its own way. */
import {
  typeOrNull,
  type AggregateNode,
  type BinaryNode,
  type CastNode,
  type Expr,
  type FuncNode,
  type LookupNode,
} from "../../ast/expr.js";
import { NotSupportedError } from "../../base/errors.js";
import type { Compiler, Handler, Handlers } from "../compiler.js";
import { isFloat } from "../decimals.js";
import { baseHandlers, emitTyped, plainAggregate } from "../expressions.js";
import { dateFunctions, temporalArithmetic } from "./dates.js";
import { jsonFunctions, jsonLookups } from "./json.js";

function numeric(c: Compiler, node: Expr): void {
  emitTyped(c, node);
  if (isFloat(node)) c.text("::numeric");
}
/** Functions that exist for numeric only; doubles are cast, and the result is read as what its type says. */
const ofNumeric =
  (sql: string): Handler<FuncNode> =>
  (c, n) => {
    c.text(`${sql}(`);
    n.args.forEach((a, i) => {
      if (i > 0) c.text(", ");
      numeric(c, a);
    });
    c.text(")");
  };
function text(c: Compiler, node: Expr): void {
  emitTyped(c, node);
  if (!(node.kind === "param" && node.type !== null)) c.text("::text");
}
/** Digests of the server's own; SHA-1 comes from pgcrypto. */
const sha =
  (name: string): Handler<FuncNode> =>
  (c, n) => {
    if (name === "SHA1") {
      c.text("ENCODE(DIGEST(");
      emitTyped(c, n.args[0]!);
      c.text(", 'sha1'), 'hex')");
      return;
    }
    c.text(`ENCODE(${name}(CONVERT_TO(`);
    emitTyped(c, n.args[0]!);
    c.text(", 'UTF8')), 'hex')");
  };

export const postgresFunctions: Readonly<Record<string, Handler<FuncNode>>> = {
  ...dateFunctions,
  ...jsonFunctions,
  Concat: (c, n) => {
    c.text("(");
    n.args.forEach((a, i) => {
      if (i > 0) c.text(" || ");
      c.text("COALESCE(");
      text(c, a);
      c.text(", '')");
    });
    c.text(")");
  },
  Round: ofNumeric("ROUND"),
  Log: ofNumeric("LOG"),
  Mod: ofNumeric("MOD"),
  ...Object.fromEntries(["SHA1", "SHA224", "SHA256", "SHA384", "SHA512"].map((s) => [s, sha(s)])),
};

function isText(node: Expr): boolean {
  const names = typeOrNull(node)?.ancestry ?? [];
  return names.includes("CharField") || names.includes("TextField");
}
export const postgresAggregates: Readonly<Record<string, Handler<AggregateNode>>> = {
  AnyValue: (c, n) => {
    if ((c.info.version[0] ?? 0) < 16)
      throw new NotSupportedError("ANY_VALUE is not supported on this database backend.", "sql.not_supported");
    plainAggregate(c, n);
  },
  // STRING_AGG joins texts; other values are written as text first.
  StringAgg: (c, n) => {
    const [value, ...rest] = n.args as readonly [Expr, ...Expr[]];
    if (isText(value)) return plainAggregate(c, n);
    plainAggregate(c, {
      ...n,
      args: [{ kind: "raw", parts: [value, "::text"], type: null, parenthesised: false }, ...rest],
    });
  },
};
export const postgresLookups: Readonly<Record<string, Handler<LookupNode>>> = { ...jsonLookups };

function binary(c: Compiler, n: BinaryNode): void {
  if (n.temporal !== undefined) return temporalArithmetic(c, n);
  baseHandlers.binary(c, n);
}
function cast(c: Compiler, n: CastNode): void {
  c.text("(");
  emitTyped(c, n.arg);
  c.text(`)::${typeOrNull(n)!.castType(c.info)}`);
}
export const postgresHandlers: Partial<Handlers> = { binary, cast };
