/**
 * Telling that a connection was made, before anybody else gets it: `connectionCreated`. Receivers get the new connection itself, as a
 * question to the database would be answered by another one. It must not know pools or models.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { DialectInfo } from "../ast/seams.js";
import { InterfaceError, QueryTypeError, ValueError } from "../base/errors.js";
import { Signal } from "../base/signal.js";
import { withoutSignal } from "./abort.js";
import { Cursor } from "./cursor.js";
import type { DriverConnection, MaybePromise, RunOptions, RunResult, Statement } from "./driver.js";
import { Watched } from "./watched.js";

type Run = (statement: Statement, options?: RunOptions) => MaybePromise<RunResult>;

/** A connection that was just made, as receivers of `connectionCreated` have it; afterwards it belongs to the pool. */
export class NewConnection {
  /** Alias of the database. */
  readonly alias: string;
  /** What the database is, and can do: `dialect.name` is `"sqlite"`, `"postgres"` or `"mysql"`. */
  readonly dialect: DialectInfo;
  readonly #run: Run;
  #ended = false;

  /** @internal */
  constructor(alias: string, dialect: DialectInfo, run: Run) {
    this.alias = alias;
    this.dialect = dialect;
    this.#run = run;
  }
  /**
   * A cursor on this connection.
   * @example await using cursor = connection.cursor(); await cursor.execute("SET application_name = 'reports'");
   * @throws InterfaceError `connection.given_away` from its statements, once the receivers are done
   */
  cursor(): Cursor {
    return new Cursor(this.dialect, (statement, options) => {
      if (this.#ended)
        throw new InterfaceError(
          "This connection belongs to the pool by now: receivers of connectionCreated must await their statements.",
          "connection.given_away",
        );
      return this.#run(statement, options);
    });
  }
  /** Takes it out of the receivers' hands. @internal */
  end(): void {
    this.#ended = true;
  }
}

/** What receivers of `connectionCreated` get, beside `sender` (the database) and `signal`. */
export interface ConnectionCreatedArguments {
  /** The new connection. It is nobody else's until all receivers are done. */
  readonly connection: NewConnection;
  /** Alias of its database. */
  readonly alias: string;
}

class ConnectionSignal extends Signal<ConnectionCreatedArguments, Watched> {
  #any = false;
  /** Whether anybody listens: one look for each connection that is made. */
  get any(): boolean {
    return this.#any;
  }
  protected override changed(any: boolean): void {
    this.#any = any;
  }
  protected override keyOf(sender: unknown): unknown {
    if (!(sender instanceof Watched))
      throw new QueryTypeError(
        "The sender of connectionCreated is a database, such as orm.connection(); what receivers get has its alias, too.",
        "signal.sender",
      );
    return sender;
  }
}
export const connectionCreated = new ConnectionSignal();

interface Greeting {
  readonly database: Watched;
  readonly outer: Greeting | undefined;
  ended: boolean;
}
const storage = new AsyncLocalStorage<Greeting | undefined>();
let used = false;
const thrown = new WeakSet<Error>();

/** Whether an error is one that a receiver threw: it reaches the caller as it is. */
export function isReceiversError(error: unknown): error is Error {
  return error instanceof Error && thrown.has(error);
}

/**
 * Calls the receivers for a new connection, one after the other.
 * @param run runs a statement on that connection
 * @throws what a receiver throws; the connection cannot be used then
 */
export async function announce(database: Watched, connection: DriverConnection, run: Run): Promise<void> {
  const given = new NewConnection(database.alias, connection.dialect, run);
  const greeting: Greeting = { database, outer: storage.getStore(), ended: false };
  used = true;
  try {
    // Whoever asked first is not the only one who gets it: what cancels the caller must not break the connection of others.
    await withoutSignal(() =>
      storage.run(greeting, () => connectionCreated.send(database, { connection: given, alias: database.alias })),
    );
    if (connection.inTransaction === true) await connection.rollback();
    connection.settle?.();
  } catch (error) {
    const known =
      error instanceof Error
        ? error
        : new ValueError("A receiver threw something that is no Error.", "signal.thrown", { cause: error });
    thrown.add(known);
    throw known;
  } finally {
    greeting.ended = true;
    given.end();
  }
}

/** Refuses what a receiver asks its database for by another way than its connection: that would need another connection, and so without end. */
export function refuseReceivers(database: Watched): void {
  if (!used) return;
  for (let greeting = storage.getStore(); greeting !== undefined; greeting = greeting.outer)
    if (greeting.database === database && !greeting.ended)
      throw new InterfaceError(
        `A receiver of connectionCreated asked the database '${database.alias}', whose connection is not ready before the receiver is done. Use the cursor() of the connection that it was given.`,
        "connection.not_ready",
      );
}
