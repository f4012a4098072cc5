/**
 * The bare drivers, as somebody would use them who writes the SQL by hand: statements prepared once, rows mapped to
 * objects with the same types that babik gives. It must not know babik's querysets.
 */
import { Decimal } from "babik";

/** A row as both sides give it. */
export interface BookRow {
  id: number;
  title: string;
  note: string;
  pages: number | null;
  stock: number;
  weight: number;
  price: InstanceType<typeof Decimal>;
  active: boolean;
  created: Date;
}
/** The two questions, with rows read as objects or as arrays. */
export interface Raw {
  readonly version: string;
  one(id: number): BookRow | Promise<BookRow>;
  many(limit: number): BookRow[] | Promise<BookRow[]>;
  manyFromArrays(limit: number): BookRow[] | Promise<BookRow[]>;
  oneFromArray(id: number): BookRow | Promise<BookRow>;
  close(): Promise<void>;
}
type Driver = Readonly<Record<string, unknown>>;

const COLUMNS = "id, title, note, pages, stock, weight, price, active, created";
const ONE = `SELECT ${COLUMNS} FROM bench_book WHERE id =`;
const MANY = `SELECT ${COLUMNS} FROM bench_book ORDER BY id LIMIT`;

/** Reads the columns that a driver gives in a form of its own. */
interface Readers {
  readonly id: (v: never) => number;
  readonly active: (v: never) => boolean;
  readonly created: (v: never) => Date;
}
function mappers(read: Readers): {
  readonly object: (r: Driver) => BookRow;
  readonly array: (r: readonly unknown[]) => BookRow;
} {
  const { id, active, created } = read;
  return {
    object: (r) => ({
      id: id(r["id"] as never),
      title: r["title"] as string,
      note: r["note"] as string,
      pages: r["pages"] as number | null,
      stock: r["stock"] as number,
      weight: r["weight"] as number,
      price: new Decimal(r["price"] as string),
      active: active(r["active"] as never),
      created: created(r["created"] as never),
    }),
    array: (r) => ({
      id: id(r[0] as never),
      title: r[1] as string,
      note: r[2] as string,
      pages: r[3] as number | null,
      stock: r[4] as number,
      weight: r[5] as number,
      price: new Decimal(r[6] as string),
      active: active(r[7] as never),
      created: created(r[8] as never),
    }),
  };
}

const same = <T>(v: T): T => v;
// 2024-02-29 12:30:00.123, the form in which babik keeps moments in SQLite. Date.parse would be slower than this.
const digits = (text: string, from: number, to: number): number => {
  let n = 0;
  for (let i = from; i < to; i++) n = n * 10 + (text.charCodeAt(i) - 48);
  return n;
};
function moment(s: string): Date {
  const ms = s.length > 20 ? digits(s, 20, 23) : 0;
  return new Date(
    Date.UTC(
      digits(s, 0, 4),
      digits(s, 5, 7) - 1,
      digits(s, 8, 10),
      digits(s, 11, 13),
      digits(s, 14, 16),
      digits(s, 17, 19),
      ms,
    ),
  );
}

async function sqlite(file: string): Promise<Raw> {
  const { default: Database } = await import("better-sqlite3");
  const db = new Database(file);
  const map = mappers({ id: same, active: (v: number) => v === 1, created: moment });
  const one = db.prepare(`${ONE} ?`);
  const many = db.prepare(`${MANY} ?`);
  const oneRaw = db.prepare(`${ONE} ?`).raw();
  const manyRaw = db.prepare(`${MANY} ?`).raw();
  const { v } = db.prepare("SELECT sqlite_version() AS v").get() as { v: string };
  return {
    version: `SQLite ${v}`,
    one: (id) => map.object(one.get(id) as Driver),
    many: (limit) => (many.all(limit) as Driver[]).map(map.object),
    oneFromArray: (id) => map.array(oneRaw.get(id) as unknown[]),
    manyFromArrays: (limit) => (manyRaw.all(limit) as unknown[][]).map(map.array),
    close: async () => void db.close(),
  };
}

async function postgres(url: string): Promise<Raw> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const map = mappers({ id: (v: string) => Number(v), active: same, created: same });
  const objects = async (name: string, text: string, value: number): Promise<Driver[]> =>
    (await client.query({ name, text: `${text} $1`, values: [value] })).rows as Driver[];
  const arrays = async (name: string, text: string, value: number): Promise<unknown[][]> =>
    (await client.query({ name, text: `${text} $1`, values: [value], rowMode: "array" })).rows as unknown[][];
  const version = (await client.query("SHOW server_version")).rows[0] as { server_version: string };
  return {
    version: `PostgreSQL ${version.server_version}`,
    one: async (id) => map.object((await objects("one", ONE, id))[0]!),
    many: async (limit) => (await objects("many", MANY, limit)).map(map.object),
    oneFromArray: async (id) => map.array((await arrays("one", ONE, id))[0]!),
    manyFromArrays: async (limit) => (await arrays("many", MANY, limit)).map(map.array),
    close: () => client.end(),
  };
}

async function mariadb(url: string): Promise<Raw> {
  const driver = await import("mariadb");
  const at = new URL(url);
  const db = await driver.createConnection({
    host: at.hostname,
    port: Number(at.port || 3306),
    user: decodeURIComponent(at.username),
    password: decodeURIComponent(at.password),
    database: at.pathname.slice(1),
    timezone: "Z",
  });
  const map = mappers({ id: (v: bigint) => Number(v), active: (v: number) => v === 1, created: same });
  const objects = async (sql: string, value: number): Promise<Driver[]> => db.execute(`${sql} ?`, [value]);
  const arrays = async (sql: string, value: number): Promise<unknown[][]> =>
    db.execute({ sql: `${sql} ?`, rowsAsArray: true }, [value]);
  return {
    version: `MariaDB ${db.serverVersion()}`,
    one: async (id) => map.object((await objects(ONE, id))[0]!),
    many: async (limit) => (await objects(MANY, limit)).map(map.object),
    oneFromArray: async (id) => map.array((await arrays(ONE, id))[0]!),
    manyFromArrays: async (limit) => (await arrays(MANY, limit)).map(map.array),
    close: () => db.end(),
  };
}

/** The bare driver for a URL as babik takes it. */
export function openRaw(url: string): Promise<Raw> {
  if (url.startsWith("sqlite:")) return sqlite(url.slice("sqlite:".length));
  if (url.startsWith("postgres")) return postgres(url);
  return mariadb(url);
}
