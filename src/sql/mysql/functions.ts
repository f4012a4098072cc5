/** Functions, aggregates, lookups and node kinds that MySQL and MariaDB write in their own way. */
import type { AggregateNode, FuncNode, LookupNode } from "../../ast/expr.js";
import type { Handler, Handlers } from "../compiler.js";

export const mysqlFunctions: Readonly<Record<string, Handler<FuncNode>>> = {};
export const mysqlAggregates: Readonly<Record<string, Handler<AggregateNode>>> = {};
export const mysqlLookups: Readonly<Record<string, Handler<LookupNode>>> = {};
export const mysqlHandlers: Partial<Handlers> = {};
