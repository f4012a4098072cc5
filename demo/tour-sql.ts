/** Last part of the tour: indexes and plans, writing in transactions, SQL of one's own, large results. */
import { atomic, F, setRollback, sql, Sum } from "babik";
import { City, Country } from "./models.js";
import type { openAtlas } from "./orm.js";
import { technique } from "./show.js";

export async function tourOfSql(orm: ReturnType<typeof openAtlas>): Promise<void> {
  await technique("A queryset is lazy: sql() shows the statement and sends nothing", async () =>
    City.objects.filter({ country: "FI", population__gt: 100_000 }).sql(),
  );
  await technique("Database indexes: explain() shows that city_by_size is used", async () =>
    (await City.objects.filter({ country: "FI", population__gt: 100_000 }).explain()).split("\n"),
  );
  await technique("F in update(): the database calculates; the block is taken back", () =>
    atomic(async () => {
      const changed = await City.objects.filter({ country: "IS" }).update({ population: F("population").mul(2) });
      const doubled = await City.objects.filter({ country: "IS" }).aggregate(Sum("population"));
      setRollback(true);
      return { changed, ...doubled };
    }),
  );
  await technique("… and nothing has changed", () =>
    City.objects.filter({ country: "IS" }).aggregate(Sum("population")),
  );
  await technique("getOrCreate()", () =>
    atomic(async () => {
      const [country, created] = await Country.objects.getOrCreate({ name: "Iceland" });
      return { name: country.name, created };
    }),
  );
  await technique(
    "raw(): instances from SQL of one's own, its values always parameters",
    () => {
      const least = 18_000_000;
      return City.objects.raw(sql`SELECT * FROM atlas_city WHERE population > ${least} ORDER BY population DESC`);
    },
    ({ name, population }) => ({ name, population }),
  );
  await technique("A cursor: any SQL at all", async () => {
    await using cursor = await orm.connection("default").cursor();
    await cursor.execute(
      "SELECT country_id, count(*) FROM atlas_city GROUP BY country_id HAVING count(*) > %s ORDER BY 2 DESC",
      [5000],
    );
    return cursor.fetchall();
  });
  await technique("iterator(): all cities in chunks, in bounded memory", async () => {
    let northernmost: City | undefined;
    for await (const city of City.objects.iterator({ chunkSize: 5000 }))
      if (northernmost === undefined || city.latitude > northernmost.latitude) northernmost = city;
    return { northernmost: northernmost?.name ?? null, latitude: northernmost?.latitude ?? null };
  });
}
