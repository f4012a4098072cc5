/**
 * Statement trees -> text, with one table of handlers by kind. A dialect is a list of differences: handlers for kinds, functions and
 * lookups that it writes in its own way. Users' strings reach the text only through `raw` and `custom` nodes.
 */
import type { Binding, Segment } from "./compiled.js";
import { Compiled } from "./compiled.js";
import type { AggregateNode, Emitter, Expr, FuncNode, Kind, ListNode, LookupNode, NodeOf, ParamNode } from "../ast/expr.js";
import type { DialectInfo, ValueType } from "../ast/seams.js";
import { nodeKey } from "../ast/walk.js";
import { DatabaseError, NotSupportedError } from "../base/errors.js";
import { shortenIdentifier } from "../base/names.js";

export type Handler<N> = (c: Compiler, node: N) => void;
export type Handlers = { readonly [K in Kind]: Handler<NodeOf<K>> };

/** How one database writes what others write differently. */
export interface Dialect {
  readonly quote: string;
  readonly placeholder: "?" | "$";
  /** All kinds of nodes: the common ones with the differences put over them. */
  readonly handlers: Handlers;
  /** By `FuncSpec.name`, functions and aggregates. */
  readonly functions: Readonly<Record<string, Handler<FuncNode>>>;
  readonly aggregates?: Readonly<Record<string, Handler<AggregateNode>>>;
  /** By lookup name. */
  readonly lookups: Readonly<Record<string, Handler<LookupNode>>>;
  /** A value whose type the database cannot infer from its surroundings gets this cast. */
  readonly castParam?: (type: ValueType, info: DialectInfo) => string | null;
}

const CONTROL = /\p{Cc}/u;

export class Compiler {
  readonly dialect: Dialect;
  readonly info: DialectInfo;
  /** The zone in which dates are cut and compared. */
  readonly timeZone: string;
  /** True once the text depends on the zone: such a statement is kept per zone. */
  usesTimeZone = false;
  private readonly handlers: Handlers;
  private segments: Segment[] = [];
  private text_ = "";
  private bindings: Binding[] = [];
  private readonly known = new Map<string, number>();

  constructor(dialect: Dialect, info: DialectInfo, timeZone = "UTC") {
    this.timeZone = timeZone;
    this.dialect = dialect;
    this.info = info;
    this.handlers = dialect.handlers;
  }

  /** The zone that a date function works in: its own, or the current one (the text then depends on it). */
  zone(own: unknown): string {
    if (typeof own === "string") return own;
    this.usesTimeZone = true;
    return this.timeZone;
  }
  /** Adds text of babik's own. */
  text(sql: string): this {
    this.text_ += sql;
    return this;
  }
  /** Adds an identifier: the only place that writes one. */
  ident(name: string): this {
    this.text_ += this.quote(name);
    return this;
  }
  quote(name: string): string {
    if (name === "" || CONTROL.test(name) || !(name as unknown as { isWellFormed(): boolean }).isWellFormed())
      throw new DatabaseError("A name of a table or column is empty or has control characters.", "sql.identifier");
    const q = this.dialect.quote;
    // The same digest wherever the name is written, in tables' definitions as in queries.
    if (name.length > this.info.features.maxIdentifier) return q + shortenIdentifier(name, this.info.features.maxIdentifier) + q;
    return q + name.replaceAll(q, q + q) + q;
  }
  /** Writes a node. */
  emit(node: Expr): this {
    (this.handlers[node.kind] as Handler<Expr>)(this, node);
    return this;
  }
  /** Writes nodes with something between them. */
  list(nodes: readonly Expr[], joiner = ", "): this {
    nodes.forEach((n, i) => {
      if (i > 0) this.text_ += joiner;
      this.emit(n);
    });
    return this;
  }
  /** A parameter. On databases with numbered ones equal parameters share a number, so that equal expressions stay equal. */
  param(node: ParamNode): this {
    return this.bind({ slot: node.slot, value: node.value, type: node.type !== null && !("problem" in node.type) ? node.type : null, map: node.map, rawValue: node.rawValue, late: node.late }, nodeKey(node));
  }
  bind(b: Binding, key: string | null = null): this {
    if (this.dialect.placeholder === "$") {
      let n = key === null ? undefined : this.known.get(key);
      if (n === undefined) {
        n = this.bindings.push(b);
        if (key !== null) this.known.set(key, n);
      }
      this.text_ += `$${n}`;
    } else {
      this.bindings.push(b);
      this.text_ += "?";
    }
    return this;
  }
  /** A list as one array parameter, or as placeholders of which there are as many as values. */
  listParam(node: ListNode): this {
    const b: Binding = { slot: node.slot, value: node.value, type: node.type !== null && !("problem" in node.type) ? node.type : null, map: node.map, list: this.dialect.placeholder === "$" ? "array" : "expand" };
    if (b.list === "array") return this.bind(b, nodeKey(node));
    const index = this.bindings.push(b) - 1;
    this.segments.push(this.text_, { expand: index });
    this.text_ = "";
    return this;
  }
  /** A value written into the text as a hexadecimal literal, where the grammar allows no placeholder. */
  inline(node: ParamNode): this {
    const index = this.bindings.push({ slot: node.slot, value: node.value, type: node.type !== null && !("problem" in node.type) ? node.type : null, map: node.map }) - 1;
    this.segments.push(this.text_, { inline: index });
    this.text_ = "";
    return this;
  }
  finish(): Compiled {
    return new Compiled([...this.segments, this.text_], this.bindings, this.info, this.usesTimeZone);
  }
  notSupported(what: string): never {
    throw new NotSupportedError(`${what} is not supported on this database (${this.info.isMariaDb ? "MariaDB" : this.info.name}).`, "sql.not_supported");
  }
  /** The facade for expressions that write their own text. */
  emitter(): Emitter {
    return {
      dialect: this.info,
      text: (sql) => void this.text(sql),
      param: (value, type = null) => void this.bind({ slot: -1, value, type }),
      emit: (node) => void this.emit(node),
    };
  }
}
