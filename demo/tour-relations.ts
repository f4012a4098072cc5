/** Second part of the tour: related rows without N+1. */
import { Count, Prefetch } from "babik";
import { City, Country, Language } from "./models.js";
import { technique } from "./show.js";

export async function tourOfRelations(): Promise<void> {
  await technique(
    "selectRelated(): joined, so there is nothing to await",
    () => City.objects.selectRelated("country__region").orderBy("-population").slice(0, 5),
    ({ name, country }) => ({ name, country: country.name, region: country.region.name }),
  );
  await technique("Without it: rows of one result are filled together, so N+1 queries are 2", async () => {
    const cities = await City.objects.orderBy("-population").slice(0, 50);
    return Promise.all(cities.map(async (city) => ({ name: city.name, country: (await city.country).name })));
  });
  await technique("prefetchRelated(): one more query for each relation", async () => {
    const countries = await Country.objects
      .filter({ region__name: "Oceania" })
      .prefetchRelated("languages", "currencies");
    return Promise.all(
      countries.map(async ({ name, languages, currencies }) => ({
        name,
        languages: (await languages.all()).map((language) => language.name).join(", "),
        currencies: (await currencies.all()).map((currency) => currency.code).join(", "),
      })),
    );
  });
  await technique(
    "Prefetch: the cities of millions of each country, by a queryset of one's own",
    () =>
      Country.objects.filter({ subregion__name: "Central Asia" }).prefetchRelated(
        Prefetch("cities", {
          queryset: City.objects.filter({ population__gt: 500_000 }).orderBy("-population"),
          toAttr: "largest",
        }),
      ),
    ({ name, largest }) => ({ name, largest: largest.map((city) => city.name).join(", ") }),
  );
  await technique(
    "A symmetrical many-to-many relation: neighbours of neighbours of Portugal",
    () => Country.objects.filter({ neighbours__neighbours__name: "Portugal" }).exclude({ name: "Portugal" }).distinct(),
    ({ label }) => ({ label }),
  );
  await technique(
    "Related managers are querysets: the neighbours of China that speak Russian",
    async () => {
      const china = await Country.objects.get({ name: "China" });
      return china.neighbours.speaking("Russian").annotate({ shared: Count("neighbours") });
    },
    ({ label, shared }) => ({ label, shared }),
  );
  await technique("Sets of rows: union, intersection, difference", () =>
    Language.objects
      .filter({ countries__region__name: "Africa" })
      .intersection(Language.objects.filter({ countries__region__name: "Asia" }))
      .values("name")
      .orderBy("name"),
  );
}
