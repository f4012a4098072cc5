/** What building one chain method needs and leaves behind: preparations of slots, and whether the shape may be kept. */
import type { Expr, FuncSpec } from "../ast/expr.js";
import { MISFIT, type Prepare } from "../ast/slots.js";

export abstract class BuildContext {
  readonly prepares = new Map<number, Prepare>();
  /** False once a value decided on structure in a way that its class does not tell. */
  cacheable = true;

  /** The node of a function's call, with the checks and the output type that it has in expressions. */
  abstract call(spec: FuncSpec, args: readonly Expr[], settings?: Readonly<Record<string, unknown>>): Expr;

  /** The node of an expression that names no fields: one made of nodes and plain values. */
  abstract close(expression: unknown): Expr;

  misfit(): void {
    this.cacheable = false;
  }
  /** Adds a preparation to a slot; several run one after the other, each on what the one before gave. */
  prepare(slot: number, fn: Prepare): void {
    const before = this.prepares.get(slot);
    this.prepares.set(
      slot,
      before === undefined
        ? fn
        : (v) => {
            const first = before(v);
            return first === MISFIT ? MISFIT : fn(first);
          },
    );
  }
}
