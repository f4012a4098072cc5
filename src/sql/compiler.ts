/**
 * Statement trees -> text, with one table of handlers by kind. A dialect is a list of differences: handlers for kinds, functions and
 * lookups that it writes in its own way. Users' strings reach the text only through `raw` and `custom` nodes.
 */
import type { Binding, Segment } from "./compiled.js";
import { Compiled } from "./compiled.js";
import type {
  AggregateNode,
  Emitter,
  Expr,
  FuncNode,
  Kind,
  ListNode,
  LookupNode,
  NodeOf,
  ParamNode,
  SqlPiece,
} from "../ast/expr.js";
import type { DialectInfo, ValueType } from "../ast/seams.js";
import { nodeKey } from "../ast/walk.js";
import { DatabaseError, NotSupportedError, ValueError } from "../base/errors.js";
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

/** No statement that anybody wants has so many parts. */
const MOST_NODES = 1_000_000;

/** A parameter of a piece of text, on its way to where the piece is put. Nothing but `splice` can open it. */
class Hole {
  readonly #fill: () => void;
  constructor(fill: () => void) {
    this.#fill = fill;
  }
  fill(): void {
    this.#fill();
  }
}

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
  // Parameters of the piece that is being written, if one is.
  private holes: Hole[] | null = null;
  private emitted = 0;

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
    this.text_ += this.holes === null ? sql : sql.replaceAll("%", "%%");
    return this;
  }
  /** A node as text with `%s` for its parameters. */
  private piece(node: Expr, write: Handler<Expr>): SqlPiece {
    const { text_, holes } = this;
    const params: Hole[] = [];
    this.text_ = "";
    this.holes = params;
    try {
      write(this, node);
      return [this.text_, params];
    } finally {
      this.text_ = text_;
      this.holes = holes;
    }
  }
  /** Writes text with `%s` for parameters: those of pieces, or plain values. */
  private splice([sql, params]: SqlPiece): void {
    let n = 0;
    sql.split(/(%s|%%)/).forEach((part) => {
      if (part === "%%") this.text("%");
      else if (part !== "%s") this.text(part);
      else {
        if (n >= params.length) throw new ValueError("There are more %s in the SQL than parameters.", "sql.parameters");
        const param = params[n++];
        if (param === undefined)
          throw new ValueError(
            "A parameter of an expression's SQL is undefined; write null for SQL NULL.",
            "value.undefined",
          );
        if (param instanceof Hole) param.fill();
        else this.bind({ slot: -1, value: param, type: null });
      }
    });
    if (n !== params.length) throw new ValueError("There are more parameters than %s in the SQL.", "sql.parameters");
  }
  // Within a piece a parameter is a hole, filled when the piece is put in its place.
  private hole(fill: () => void): boolean {
    if (this.holes === null) return false;
    this.holes.push(new Hole(fill));
    this.text_ += "%s";
    return true;
  }
  /** Adds an identifier: the only place that writes one. */
  ident(name: string): this {
    return this.text(this.quote(name));
  }
  quote(name: string): string {
    if (name === "" || CONTROL.test(name) || !(name as unknown as { isWellFormed(): boolean }).isWellFormed())
      throw new DatabaseError("A name of a table or column is empty or has control characters.", "sql.identifier");
    const q = this.dialect.quote;
    // The same digest wherever the name is written, in tables' definitions as in queries. PostgreSQL would cut what is too long
    // without a word, so that two names became one.
    const { maxIdentifier: max, identifierUnit } = this.info.features;
    const tooLong = (text: string): boolean =>
      text.length * 3 > max && (identifierUnit === "bytes" ? Buffer.byteLength(text) : text.length) > max;
    let fit = tooLong(name) ? shortenIdentifier(name, max) : name;
    // What looks like a schema before the name is not counted there; here it is part of one name.
    if (tooLong(fit)) fit = shortenIdentifier(name.replaceAll('"', "_"), max);
    return q + fit.replaceAll(q, q + q) + q;
  }
  /** Writes a node. @throws ValueError `query.too_large` */
  emit(node: Expr): this {
    // Some functions are spelled with an argument written twice: nested in each other they would fill all memory.
    if (++this.emitted > MOST_NODES)
      throw new ValueError(
        `The statement would have more than ${MOST_NODES} parts. Calculate less in one expression; functions that are nested in each other may grow twofold with each level.`,
        "query.too_large",
      );
    (this.handlers[node.kind] as Handler<Expr>)(this, node);
    return this;
  }
  /** Writes nodes with something between them. */
  list(nodes: readonly Expr[], joiner = ", "): this {
    nodes.forEach((n, i) => {
      if (i > 0) this.text(joiner);
      this.emit(n);
    });
    return this;
  }
  /** A parameter. On databases with numbered ones equal parameters share a number, so that equal expressions stay equal. */
  param(node: ParamNode): this {
    return this.bind(
      {
        slot: node.slot,
        value: node.value,
        type: node.type !== null && !("problem" in node.type) ? node.type : null,
        map: node.map,
        rawValue: node.rawValue,
        late: node.late,
      },
      nodeKey(node),
    );
  }
  bind(b: Binding, key: string | null = null): this {
    if (this.hole(() => this.bind(b, key))) return this;
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
    if (this.hole(() => this.listParam(node))) return this;
    const b: Binding = {
      slot: node.slot,
      value: node.value,
      type: node.type !== null && !("problem" in node.type) ? node.type : null,
      map: node.map,
      list: this.dialect.placeholder === "$" ? "array" : "expand",
    };
    if (b.list === "array") return this.bind(b, nodeKey(node));
    const index = this.bindings.push(b) - 1;
    this.segments.push(this.text_, { expand: index });
    this.text_ = "";
    return this;
  }
  /** A value written into the text as a hexadecimal literal, where the grammar allows no placeholder. */
  inline(node: ParamNode): this {
    if (this.hole(() => this.inline(node))) return this;
    const index =
      this.bindings.push({
        slot: node.slot,
        value: node.value,
        type: node.type !== null && !("problem" in node.type) ? node.type : null,
        map: node.map,
      }) - 1;
    this.segments.push(this.text_, { inline: index });
    this.text_ = "";
    return this;
  }
  /** @param about what the statement is about, for logs */
  finish(about?: { readonly operation: string; readonly table?: string | undefined }): Compiled {
    return new Compiled([...this.segments, this.text_], this.bindings, this.info, this.usesTimeZone, about);
  }
  notSupported(what: string): never {
    throw new NotSupportedError(
      `${what} is not supported on this database (${this.info.isMariaDb ? "MariaDB" : this.info.name}).`,
      "sql.not_supported",
    );
  }
  /** The facade for expressions that write their own text. `write` writes their parts. */
  emitter(write: Handler<Expr>): Emitter {
    return {
      dialect: this.info,
      text: (sql) => void this.text(sql),
      param: (value, type = null) => void this.bind({ slot: -1, value, type }),
      emit: (node) => write(this, node),
      compile: (node) => this.piece(node, write),
      splice: (piece) => this.splice(piece),
      quote: (name) => this.quote(name),
    };
  }
}
