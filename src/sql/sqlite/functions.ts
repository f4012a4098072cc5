/** Functions, aggregates, lookups and node kinds that SQLite writes in its own way. */
import type { AggregateNode, FuncNode, LookupNode } from "../../ast/expr.js";
import type { Handler, Handlers } from "../compiler.js";

export const sqliteFunctions: Readonly<Record<string, Handler<FuncNode>>> = {};
export const sqliteAggregates: Readonly<Record<string, Handler<AggregateNode>>> = {};
export const sqliteLookups: Readonly<Record<string, Handler<LookupNode>>> = {};
export const sqliteHandlers: Partial<Handlers> = {};
