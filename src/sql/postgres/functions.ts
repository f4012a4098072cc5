/** Functions, aggregates, lookups and node kinds that PostgreSQL writes in its own way. */
import type { AggregateNode, FuncNode, LookupNode } from "../../ast/expr.js";
import type { Handler, Handlers } from "../compiler.js";

export const postgresFunctions: Readonly<Record<string, Handler<FuncNode>>> = {};
export const postgresAggregates: Readonly<Record<string, Handler<AggregateNode>>> = {};
export const postgresLookups: Readonly<Record<string, Handler<LookupNode>>> = {};
export const postgresHandlers: Partial<Handlers> = {};
