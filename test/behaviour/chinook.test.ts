/**
 * Questions to a real database, the music shop Chinook: its rows are read from the original SQLite file and written to the
 * database of the ring, both by babik, and every answer is compared with that of SQL written by hand.
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  atomic,
  Avg,
  babik,
  Case,
  Count,
  Exists,
  F,
  Length,
  Max,
  Min,
  type Manager,
  OuterRef,
  Prefetch,
  Q,
  RowNumber,
  Subquery,
  Sum,
  TruncMonth,
  Value,
  When,
  Window,
} from "babik";
import { assertNumQueries } from "babik/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { byHand } from "../support/by-hand.js";
import * as chinook from "../support/chinook-models.js";
import { testDatabase } from "../support/database.js";

const { Album, Artist, Customer, Employee, Genre, Invoice, InvoiceLine, MediaType, Playlist, PlaylistTrack, Track } =
  chinook;

const database = await testDatabase();
// A copy, since opening a file with babik changes its journal mode.
const folder = mkdtempSync(join(tmpdir(), "babik-chinook-"));
copyFileSync(
  fileURLToPath(new URL("../fixtures/chinook/chinook.sqlite3", import.meta.url)),
  join(folder, "source.sqlite3"),
);
const orm = babik({
  databases: { default: database.url, source: `sqlite:${join(folder, "source.sqlite3")}` },
  apps: { chinook },
});
afterAll(async () => {
  await orm.close();
  rmSync(folder, { recursive: true, force: true });
});

// Employees refer to employees before them in the file, and every other table only to those before it in this list.
const tables = [
  [Artist, 275],
  [Album, 347],
  [Genre, 25],
  [MediaType, 5],
  [Track, 3503],
  [Playlist, 18],
  [PlaylistTrack, 8715],
  [Employee, 8],
  [Customer, 59],
  [Invoice, 412],
  [InvoiceLine, 2240],
] as const;

beforeAll(async () => {
  await orm.createTables();
  await atomic(async () => {
    for (const [Model] of tables) {
      const objects = Model.objects as unknown as Manager;
      await objects.bulkCreate(await objects.using("source").orderBy("pk"));
    }
  });
});

const db = orm.connection("default");
await db.ready();

const { bySql, sameRows } = byHand(db);
const month = (column: string): string =>
  ({
    sqlite: `strftime('%Y-%m', ${column})`,
    postgres: `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM')`,
    mysql: `date_format(${column}, '%Y-%m')`,
  })[db.dialect.name];

test("every table has all its rows, and all values of a row are as they were", async () => {
  for (const [Model, count] of tables) {
    expect(await Model.objects.count()).toBe(count);
    const here = await Model.objects.orderBy("pk").values();
    const there = await Model.objects.using("source").orderBy("pk").values();
    expect(JSON.stringify(here)).toBe(JSON.stringify(there));
  }
});

test("which artists sell best?", async () => {
  const best = await InvoiceLine.objects
    .values("track__album__artist__name")
    .annotate({ revenue: Sum(F("unitPrice").mul(F("quantity"))), sold: Sum("quantity") })
    .orderBy("-revenue", "track__album__artist__name")
    .slice(0, 10);
  await sameRows(
    best.map((row) => [row.track__album__artist__name, row.revenue, row.sold]),
    ["text", "money", "int"],
    `SELECT a."Name", SUM(l."UnitPrice" * l."Quantity") AS revenue, SUM(l."Quantity")
       FROM "InvoiceLine" l JOIN "Track" t ON t."TrackId" = l."TrackId" JOIN "Album" b ON b."AlbumId" = t."AlbumId"
       JOIN "Artist" a ON a."ArtistId" = b."ArtistId"
      GROUP BY a."Name" ORDER BY ROUND(SUM(l."UnitPrice" * l."Quantity"), 2) DESC, a."Name" LIMIT 10`,
  );
  expect(best[0]!.track__album__artist__name).toBe("Iron Maiden");
});

test("what is the revenue of each country in each month?", async () => {
  const revenue = await Invoice.objects
    .annotate({ month: TruncMonth("invoiceDate") })
    .values("country", "month")
    .annotate({ revenue: Sum("total"), invoices: Count("pk") })
    .orderBy("country", "month");
  await sameRows(
    revenue.map((row) => [row.country, row.month.toISOString().slice(0, 7), row.revenue, row.invoices]),
    ["text", "text", "money", "int"],
    `SELECT "BillingCountry", ${month('"InvoiceDate"')} AS m, SUM("Total"), COUNT(*)
       FROM "Invoice" GROUP BY "BillingCountry", ${month('"InvoiceDate"')} ORDER BY "BillingCountry", m`,
  );
});

test("which playlists have more than 100 tracks?", async () => {
  const long = await Playlist.objects
    .annotate({ n: Count("tracks") })
    .filter({ n__gt: 100 })
    .orderBy("-n", "pk");
  await sameRows(
    long.map((playlist) => [playlist.name, playlist.n]),
    ["text", "int"],
    `SELECT p."Name", COUNT(x."TrackId") AS n FROM "Playlist" p JOIN "PlaylistTrack" x ON x."PlaylistId" = p."PlaylistId"
      GROUP BY p."PlaylistId", p."Name" HAVING COUNT(x."TrackId") > %s ORDER BY n DESC, p."PlaylistId"`,
    [100],
  );
});

test("how many customers has each support agent, and what did they spend?", async () => {
  const agents = await Employee.objects
    .annotate({ customerCount: Count("customers", { distinct: true }), total: Sum("customers__invoices__total") })
    .filter({ customerCount__gt: 0 })
    .orderBy("lastName");
  await sameRows(
    agents.map((agent) => [agent.lastName, agent.customerCount, agent.total]),
    ["text", "int", "money"],
    `SELECT e."LastName", COUNT(DISTINCT c."CustomerId"), SUM(i."Total")
       FROM "Employee" e JOIN "Customer" c ON c."SupportRepId" = e."EmployeeId"
       LEFT JOIN "Invoice" i ON i."CustomerId" = c."CustomerId"
      GROUP BY e."EmployeeId", e."LastName" ORDER BY e."LastName"`,
  );
});

describe("which track is the longest of its genre?", () => {
  const byHand = `SELECT genre, name, ms FROM (
      SELECT g."Name" AS genre, t."Name" AS name, t."Milliseconds" AS ms,
             ROW_NUMBER() OVER (PARTITION BY t."GenreId" ORDER BY t."Milliseconds" DESC, t."TrackId") AS place
        FROM "Track" t JOIN "Genre" g ON g."GenreId" = t."GenreId") ranked WHERE place = 1 ORDER BY genre`;
  test("by a window", async () => {
    const longest = await Track.objects
      .annotate({
        place: Window(RowNumber(), { partitionBy: ["genre"], orderBy: [F("milliseconds").desc(), "pk"] }),
      })
      .filter({ place: 1 })
      .selectRelated("genre")
      .orderBy("genre__name");
    await sameRows(
      longest.map((track) => [track.genre.name, track.name, track.milliseconds]),
      ["text", "text", "int"],
      byHand,
    );
  });
  test("by a subquery", async () => {
    const genres = await Genre.objects
      .annotate({
        longest: Subquery(
          Track.objects
            .filter({ genre: OuterRef("pk") })
            .orderBy("-milliseconds", "pk")
            .values("name")
            .slice(0, 1),
        ),
        most: Max("tracks__milliseconds"),
      })
      .orderBy("name");
    await sameRows(
      genres.map((genre) => [genre.name, genre.longest, genre.most]),
      ["text", "text", "int"],
      byHand,
    );
  });
});

describe("which genres were never sold?", () => {
  const byHand = `SELECT g."Name" FROM "Genre" g WHERE g."GenreId" NOT IN (
      SELECT t."GenreId" FROM "Track" t JOIN "InvoiceLine" l ON l."TrackId" = t."TrackId") ORDER BY g."Name"`;
  test("those for which no sale exists", async () => {
    const unsold = Genre.objects.exclude(Exists(InvoiceLine.objects.filter({ track__genre: OuterRef("pk") })));
    await sameRows(await unsold.orderBy("name").valuesList("name"), ["text"], byHand);
  });
  test("those left when all with a sale are excluded", async () => {
    const unsold = Genre.objects.exclude({ tracks__sales__isnull: false });
    await sameRows(await unsold.orderBy("name").valuesList("name"), ["text"], byHand);
  });
  test("those whose sales are counted as none", async () => {
    const unsold = Genre.objects.annotate({ n: Count("tracks__sales") }).filter({ n: 0 });
    await sameRows(await unsold.orderBy("name").valuesList("name"), ["text"], byHand);
  });
});

test("what is the average invoice of countries with more than ten invoices?", async () => {
  const countries = await Invoice.objects
    .values("country")
    .annotate({ n: Count("pk"), mean: Avg("total"), dearest: Max("total") })
    .filter({ n__gt: 10 })
    .orderBy("country");
  await sameRows(
    countries.map((row) => [row.country, row.n, row.mean, row.dearest]),
    ["text", "int", "mean", "money"],
    `SELECT "BillingCountry", COUNT(*), AVG("Total"), MAX("Total") FROM "Invoice"
      GROUP BY "BillingCountry" HAVING COUNT(*) > %s ORDER BY "BillingCountry"`,
    [10],
  );
});

describe("which albums have no track under five minutes?", () => {
  const byHand = `SELECT b."Title" FROM "Album" b WHERE EXISTS (SELECT 1 FROM "Track" t WHERE t."AlbumId" = b."AlbumId")
      AND NOT EXISTS (SELECT 1 FROM "Track" t WHERE t."AlbumId" = b."AlbumId" AND t."Milliseconds" <= 300000)
      ORDER BY b."Title", b."AlbumId"`;
  const inOrder = ["title", "pk"] as const;
  test("excluded by a relation of many rows", async () => {
    const albums = Album.objects
      .filter({ tracks__isnull: false })
      .exclude({ tracks__milliseconds__lte: 300_000 })
      .distinct();
    await sameRows(
      (await albums.orderBy(...inOrder)).map((album) => [album.title]),
      ["text"],
      byHand,
    );
  });
  test("by the shortest track of each", async () => {
    const albums = Album.objects.alias({ shortest: Min("tracks__milliseconds") }).filter({ shortest__gt: 300_000 });
    await sameRows(
      (await albums.orderBy(...inOrder)).map((album) => [album.title]),
      ["text"],
      byHand,
    );
  });
});

test("who is the boss of whose boss?", async () => {
  const chains = await Employee.objects
    .selectRelated("reportsTo__reportsTo")
    .orderBy("pk")
    .filter({ reportsTo__isnull: false });
  await sameRows(
    await Promise.all(
      chains.map(async (employee) => {
        const boss = await employee.reportsTo;
        return [employee.lastName, boss.lastName, (await boss.reportsTo)?.lastName ?? null];
      }),
    ),
    ["text", "text", "text"],
    `SELECT e."LastName", b."LastName", bb."LastName" FROM "Employee" e
       JOIN "Employee" b ON b."EmployeeId" = e."ReportsTo" LEFT JOIN "Employee" bb ON bb."EmployeeId" = b."ReportsTo"
      ORDER BY e."EmployeeId"`,
  );
  const top = await Employee.objects.get({ reportsTo: null });
  const below = await Employee.objects.filter({ reportsTo__reportsTo: top }).count();
  expect([top.lastName, await top.reports.count(), below]).toEqual(["Adams", 2, 5]);
});

test("what has been earned up to each invoice?", async () => {
  const running = await Invoice.objects
    .annotate({ earned: Window(Sum("total"), { orderBy: ["invoiceDate", "pk"] }) })
    .orderBy("invoiceDate", "pk")
    .valuesList("pk", "earned");
  await sameRows(
    running,
    ["int", "money"],
    `SELECT "InvoiceId", SUM("Total") OVER (ORDER BY "InvoiceDate", "InvoiceId") FROM "Invoice"
      ORDER BY "InvoiceDate", "InvoiceId"`,
  );
});

test("which customers bought tracks of more than ten genres?", async () => {
  const curious = await Customer.objects
    .annotate({ genres: Count("invoices__lines__track__genre", { distinct: true }) })
    .filter({ genres__gt: 10 })
    .orderBy("-genres", "lastName", "firstName");
  await sameRows(
    curious.map((customer) => [customer.lastName, customer.genres]),
    ["text", "int"],
    `SELECT c."LastName", COUNT(DISTINCT t."GenreId") AS n FROM "Customer" c
       JOIN "Invoice" i ON i."CustomerId" = c."CustomerId" JOIN "InvoiceLine" l ON l."InvoiceId" = i."InvoiceId"
       JOIN "Track" t ON t."TrackId" = l."TrackId"
      GROUP BY c."CustomerId", c."LastName", c."FirstName" HAVING COUNT(DISTINCT t."GenreId") > 10
      ORDER BY n DESC, c."LastName", c."FirstName"`,
  );
});

test("how many tracks of each medium are short, long and never sold?", async () => {
  const media = await MediaType.objects
    .annotate({
      short: Count("tracks", { filter: Q({ tracks__milliseconds__lt: 180_000 }), distinct: true }),
      long: Count(Case(When({ tracks__milliseconds__gte: 600_000 }, { then: F("tracks__pk") })), { distinct: true }),
      unsold: Count("tracks", { filter: Q({ tracks__sales__isnull: true }), distinct: true }),
    })
    .orderBy("name");
  await sameRows(
    media.map((medium) => [medium.name, medium.short, medium.long, medium.unsold]),
    ["text", "int", "int", "int"],
    `SELECT m."Name",
            (SELECT COUNT(*) FROM "Track" t WHERE t."MediaTypeId" = m."MediaTypeId" AND t."Milliseconds" < 180000),
            (SELECT COUNT(*) FROM "Track" t WHERE t."MediaTypeId" = m."MediaTypeId" AND t."Milliseconds" >= 600000),
            (SELECT COUNT(*) FROM "Track" t WHERE t."MediaTypeId" = m."MediaTypeId"
                AND t."TrackId" NOT IN (SELECT l."TrackId" FROM "InvoiceLine" l))
       FROM "MediaType" m ORDER BY m."Name"`,
  );
});

test("in which cities live customers or employees, and in which both?", async () => {
  const customers = Customer.objects.valuesList("city");
  const employees = Employee.objects.valuesList("city");
  await sameRows(
    await customers.union(employees).orderBy("city"),
    ["text"],
    'SELECT "City" FROM "Customer" UNION SELECT "City" FROM "Employee" ORDER BY 1',
  );
  await sameRows(
    await customers.intersection(employees).orderBy("city"),
    ["text"],
    'SELECT "City" FROM "Customer" INTERSECT SELECT "City" FROM "Employee" ORDER BY 1',
  );
});

test("which artists have the longest titles of albums?", async () => {
  const titles = await Album.objects
    .annotate({ length: Length("title") })
    .filter({ artist__name__istartswith: "a", length__gte: 20 })
    .orderBy("-length", "title")
    .values("artist__name", "length");
  await sameRows(
    titles.map((row) => [row.artist__name, row.length]),
    ["text", "int"],
    `SELECT a."Name", ${db.dialect.name === "mysql" ? "CHAR_LENGTH" : "LENGTH"}(b."Title") AS n FROM "Album" b
       JOIN "Artist" a ON a."ArtistId" = b."ArtistId"
      WHERE UPPER(a."Name") LIKE %s AND ${db.dialect.name === "mysql" ? "CHAR_LENGTH" : "LENGTH"}(b."Title") >= %s
      ORDER BY n DESC, b."Title"`,
    ["A%", 20],
  );
});

test("the albums of an artist with their rock tracks come in three queries", async () => {
  const maiden = await assertNumQueries(3, () =>
    Artist.objects
      .filter({ name: "Iron Maiden" })
      .prefetchRelated(
        "albums",
        Prefetch("albums__tracks", { queryset: Track.objects.filter({ genre__name: "Rock" }).orderBy("pk") }),
      ),
  );
  const rows: unknown[][] = [];
  await assertNumQueries(0, async () => {
    for (const album of await maiden[0]!.albums.all())
      for (const track of await album.tracks.all()) rows.push([track.id, album.title, track.name]);
  });
  await sameRows(
    rows.toSorted((a, b) => Number(a[0]) - Number(b[0])),
    ["int", "text", "text"],
    `SELECT t."TrackId", b."Title", t."Name" FROM "Track" t JOIN "Album" b ON b."AlbumId" = t."AlbumId"
       JOIN "Artist" a ON a."ArtistId" = b."ArtistId" JOIN "Genre" g ON g."GenreId" = t."GenreId"
      WHERE a."Name" = %s AND g."Name" = %s ORDER BY t."TrackId"`,
    ["Iron Maiden", "Rock"],
  );
});

test("a price rise by a case of conditions changes what it should, and is taken back", async () => {
  const before = await bySql('SELECT SUM("UnitPrice") FROM "Track"');
  await expect(
    atomic(async () => {
      const changed = await Track.objects.filter({ genre__name__in: ["Rock", "Jazz"] }).update({
        unitPrice: Case(When({ milliseconds__gte: 300_000 }, { then: F("unitPrice").add("0.50") }), {
          default: F("unitPrice").add(Value("0.10")),
        }),
      });
      expect(changed).toBe(1427);
      await sameRows(
        await Track.objects
          .values("unitPrice")
          .annotate({ n: Count("pk") })
          .orderBy("unitPrice")
          .valuesList("unitPrice", "n"),
        ["money", "int"],
        'SELECT "UnitPrice", COUNT(*) FROM "Track" GROUP BY "UnitPrice" ORDER BY 1',
      );
      throw new RangeError("back");
    }),
  ).rejects.toThrow("back");
  expect(await bySql('SELECT SUM("UnitPrice") FROM "Track"')).toEqual(before);
});
