/** The build context of the query floor: what a lookup leaves behind, plus the door back to the resolver (which imports the rest). */
import type { Expr, FuncSpec } from "../ast/expr.js";
import { BuildContext } from "../lookups/context.js";
import type { LookupRegistry } from "../lookups/registry.js";
import { closed } from "./closed.js";
import { callFunction } from "./functions.js";

/** Resolves arguments within a query; implemented by `resolve.ts` and handed down, so that the files under it do not import it. */
export interface Resolver {
  resolve(query: unknown, e: unknown, options: ResolverOptions): Expr;
  rhs(query: unknown, e: unknown, options: ResolverOptions): unknown;
  embed(query: unknown, ref: unknown, options: ResolverOptions): unknown;
  filtered(query: unknown, condition: unknown, reuse: Set<string> | null): Expr;
}
export interface ResolverOptions {
  readonly allowJoins?: boolean;
  readonly reuse?: Set<string> | null;
  readonly summarize?: boolean;
}

export class QueryContext extends BuildContext {
  readonly resolver: Resolver;
  readonly lookups: LookupRegistry;
  constructor(resolver: Resolver, lookups: LookupRegistry) {
    super();
    this.resolver = resolver;
    this.lookups = lookups;
  }
  override call(spec: FuncSpec, args: readonly Expr[], settings: Readonly<Record<string, unknown>> = {}): Expr {
    return callFunction({ spec, args, settings, outputField: undefined });
  }
  override close(expression: unknown): Expr {
    // The prepared values become constants of the node, so they are gathered apart from those of the chain.
    const { node, cacheable } = closed(new QueryContext(this.resolver, this.lookups), expression);
    if (!cacheable) this.misfit();
    return node;
  }
}
