/** Statements as events of `node:diagnostics_channel`, and as spans of OpenTelemetry. */
import { channel, tracingChannel } from "node:diagnostics_channel";
import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { QueryTrace } from "babik";
import { testDatabase } from "../../support/database.js";
import { Author, Book, openBookshop, Publisher } from "../../support/bookshop.js";

const database = await testDatabase();
const orm = await openBookshop(database);
const db = orm.connection();
afterAll(() => orm.close());

const offs: (() => void)[] = [];
afterEach(() => {
  for (const off of offs.splice(0)) off();
});
const names = ["start", "end", "asyncStart", "asyncEnd", "error"] as const;
function listen(): [name: string, trace: QueryTrace][] {
  const events: [string, QueryTrace][] = [];
  for (const name of names) {
    const heard = (trace: unknown): void => void events.push([name, trace as QueryTrace]);
    channel(`tracing:babik:query:${name}`).subscribe(heard);
    offs.push(() => channel(`tracing:babik:query:${name}`).unsubscribe(heard));
  }
  return events;
}

describe("a statement", () => {
  test("is told from its start to its end by one object, with the attributes of OpenTelemetry", async () => {
    const events = listen();
    await Book.objects.filter({ title__startswith: "s3cret" });
    expect(events.map(([name]) => name)).toEqual(["start", "end", "asyncStart", "asyncEnd"]);
    expect(new Set(events.map(([, trace]) => trace)).size).toBe(1);
    const { attributes, alias, kind, result } = events[0]![1];
    const server = db.embedded
      ? {}
      : { "server.address": db.settings.host, "server.port": db.settings.port ?? expect.any(Number) };
    expect(attributes).toMatchObject({
      "db.system.name": database.kind === "postgres" ? "postgresql" : database.kind,
      "db.namespace": db.settings.database,
      "db.operation.name": "SELECT",
      "db.collection.name": "shop_book",
      "db.query.summary": "SELECT shop_book",
      "db.response.returned_rows": 0,
      ...server,
    });
    expect(attributes["db.query.text"]).toMatch(/^SELECT .* FROM .shop_book. WHERE/);
    expect({ alias, kind, result }).toEqual({ alias: "default", kind: "statement", result: { rows: 0 } });
    expect(inspect(events, { depth: 9 })).not.toContain("s3cret");
  });

  test("that fails has an error, its code, and the database's own code", async () => {
    const events = listen();
    await Publisher.objects
      .bulkCreate([new Publisher({ name: "s3cret" }), new Publisher({ name: "s3cret" })])
      .catch(() => undefined);
    const failed = events.filter(([, trace]) => trace.attributes["db.operation.name"] === "INSERT");
    expect(failed.map(([name]) => name)).toEqual(["start", "end", "error", "asyncStart", "asyncEnd"]);
    const { attributes, error, result } = failed.at(-1)![1];
    expect(attributes).toMatchObject({
      "error.type": "integrity.unique",
      "db.response.status_code": expect.stringMatching(/^(23505|1062|SQLITE_CONSTRAINT_UNIQUE)$/),
    });
    expect(error).toMatchObject({ code: "integrity.unique" });
    expect(result).toBeUndefined();
    expect(inspect(events, { depth: 9 }) + JSON.stringify(events)).not.toContain("s3cret");
  });

  test("of transaction control is told apart", async () => {
    const events = listen();
    await orm.atomic(() => Author.objects.count());
    const ended = events
      .filter(([name]) => name === "asyncEnd")
      .map(([, t]) => [t.kind, t.attributes["db.operation.name"]]);
    expect(ended).toEqual([
      ["transaction", "BEGIN"],
      ["statement", "SELECT"],
      ["transaction", "COMMIT"],
    ]);
  });

  test("written by hand is shown without its literals", async () => {
    const events = listen();
    await using cursor = await db.cursor();
    await cursor.execute("SELECT count(*) FROM shop_author WHERE name = 's3cret' AND id > 12");
    expect(events[0]![1].attributes["db.query.text"]).toBe(
      "SELECT count(*) FROM shop_author WHERE name = ? AND id > ?",
    );
    expect(events[0]![1].attributes).not.toHaveProperty("db.collection.name");
  });

  test("of a stream is told when its first rows have come", async () => {
    const events = listen();
    let rows = 0;
    for await (const _ of Book.objects.iterator({ chunkSize: 2 })) rows++;
    expect(rows).toBe(await Book.objects.count());
    expect(events[0]![1].attributes["db.collection.name"]).toBe("shop_book");
  });

  test("runs within what a tracer binds to its start", async () => {
    const spans = new AsyncLocalStorage<string>();
    const inside: (string | undefined)[] = [];
    const start = channel("tracing:babik:query:start");
    start.bindStore(spans, (trace) => (trace as QueryTrace).attributes["db.query.summary"] as string);
    offs.push(() => start.unbindStore(spans));
    const heard = (): void => void inside.push(spans.getStore());
    channel("tracing:babik:query:end").subscribe(heard);
    offs.push(() => channel("tracing:babik:query:end").unsubscribe(heard));
    await spans.run("outer", () => Book.objects.count());
    expect(inside).toEqual(["SELECT shop_book"]);
    expect(spans.getStore()).toBeUndefined();
  });

  test("tells nobody when nobody listens", () => {
    expect(names.some((name) => channel(`tracing:babik:query:${name}`).hasSubscribers)).toBe(false);
  });
});

/** The part of `@opentelemetry/api` that the example of docs/instrumentation.md uses. */
interface Span {
  readonly name: string;
  readonly attributes: Record<string, unknown>;
  readonly status: { code: number };
  ended: boolean;
  setAttributes(attributes: Record<string, unknown>): void;
  setStatus(status: { code: number }): void;
  end(): void;
}
function fakeTracer(): { spans: Span[]; startSpan(name: string, options: { kind: number }): Span } {
  const spans: Span[] = [];
  return {
    spans,
    startSpan(name) {
      const span: Span = {
        name,
        attributes: {},
        status: { code: 0 },
        ended: false,
        setAttributes: (attributes) => void Object.assign(span.attributes, attributes),
        setStatus: ({ code }) => void (span.status.code = code),
        end: () => void (span.ended = true),
      };
      spans.push(span);
      return span;
    },
  };
}

test("spans are made by the few lines of the guide", async () => {
  const tracer = fakeTracer();
  const open = new WeakMap<object, Span>();
  const handlers = {
    start(trace: QueryTrace) {
      open.set(trace, tracer.startSpan(String(trace.attributes["db.query.summary"]), { kind: 2 }));
    },
    end() {},
    asyncStart() {},
    asyncEnd(trace: QueryTrace) {
      const span = open.get(trace);
      span?.setAttributes(trace.attributes);
      if (trace.error !== undefined) span?.setStatus({ code: 2 });
      span?.end();
    },
    error() {},
  };
  const queries = tracingChannel<string, QueryTrace>("babik:query");
  queries.subscribe(handlers);
  offs.push(() => void queries.unsubscribe(handlers));
  await Promise.all([Book.objects.count(), Author.objects.count()]);
  await Author.objects.create({ id: 1, name: "Twice" }).catch(() => undefined);
  await Author.objects.create({ id: 1, name: "Twice" }).catch(() => undefined);
  expect(tracer.spans.every((span) => span.ended)).toBe(true);
  expect(tracer.spans.map((span) => span.name)).toEqual(
    expect.arrayContaining(["SELECT shop_book", "SELECT shop_author"]),
  );
  expect(tracer.spans.at(-1)!.attributes).toMatchObject({ "db.collection.name": "shop_author" });
});
