/** First part of the tour: filters, aggregates, annotations, values, expressions. */
import { Avg, Case, Count, Exists, F, Max, OuterRef, Q, Rank, Subquery, Sum, Value, When, Window } from "babik";
import { City, Country, Language, Region } from "./models.js";
import { technique } from "./show.js";

export async function tourOfQueries(): Promise<void> {
  await technique(
    "Chained filters and exclude()",
    () =>
      Country.objects
        .filter({ region__name: "Europe" })
        .filter({ area__gt: 200_000 })
        .exclude({ landlocked: true })
        .orderBy("-area"),
    ({ label, area }) => ({ label, area }),
  );
  await technique(
    "Q objects: or, and, not",
    () =>
      City.objects.filter(
        Q({ population__gte: 12_000_000 }).or(Q({ isCapital: true }).and(Q({ name__startswith: "Ba" }))),
      ),
    ({ name, population, isCapital }) => ({ name, population, isCapital }),
  );
  await technique(
    "Paths over relations, forwards and backwards",
    () =>
      Country.objects
        .filter({ subregion__region__name: "Americas", cities__population__gt: 5_000_000, languages__name: "Spanish" })
        .distinct(),
    ({ label, capital }) => ({ label, capital }),
  );
  await technique("aggregate(): one object for all rows", () =>
    City.objects.aggregate(Avg("population"), {
      cities: Count("*"),
      people: Sum("population"),
      largest: Max("population"),
    }),
  );
  await technique(
    "annotate(): values calculated for each row, to filter and order by",
    () =>
      Language.objects
        .annotate({ countryCount: Count("countries") })
        .filter({ countryCount__gt: 5 })
        .orderBy("-countryCount"),
    ({ name, countryCount }) => ({ name, countryCount }),
  );
  await technique("Groups: values() before annotate()", () =>
    City.objects
      .values("country__region__name")
      .annotate({ cities: Count("pk"), people: Sum("population"), mean: Avg("population") })
      .orderBy("-people"),
  );
  await technique("values(): objects", () =>
    Country.objects.values("name", "capital", "region__name").orderBy("-area").slice(0, 3),
  );
  await technique("valuesList(): tuples, or single values with { flat: true }", () =>
    Country.objects.filter({ name__icontains: "guinea" }).valuesList("name", { flat: true }),
  );
  await technique("only(): a field that was left out loads when it is awaited", async () => {
    const countries = await Country.objects.filter({ area__gt: 5_000_000 }).only("name");
    // The first one awaited is loaded for all rows of the result at once.
    return Promise.all(
      countries.map(async (country) => ({ name: country.name, official: await country.officialName })),
    );
  });
  await technique(
    "defer(): all fields but these",
    () => Country.objects.defer("officialName", "capital").filter({ name__startswith: "Z" }),
    (country) => ({ label: country.label, deferred: [...country.getDeferredFields()].join(", ") }),
  );
  await technique(
    "Custom managers and queryset methods",
    () => Country.objects.islands().speaking("French").exclude({ cities__isnull: true }).distinct(),
    ({ label, capital }) => ({ label, capital }),
  );
  await technique("Another manager: City.capitals", () =>
    City.capitals.filter({ latitude__lt: -30 }).orderBy("latitude").values("name", "latitude", "country__name"),
  );
  await technique(
    "Subquery and OuterRef: the largest city of each region",
    () =>
      Region.objects
        .annotate({
          largest: Subquery(
            City.objects
              .filter({ country__region: OuterRef("pk") })
              .orderBy("-population")
              .values("name")
              .slice(0, 1),
          ),
        })
        .orderBy("name"),
    ({ name, largest }) => ({ name, largest }),
  );
  await technique(
    "Exists, and OuterRef to an annotation: countries with a city larger than the capital",
    () =>
      Country.objects
        .annotate({
          ofCapital: Subquery(
            City.capitals
              .filter({ country: OuterRef("pk") })
              .values("population")
              .slice(0, 1),
          ),
        })
        .filter(Exists(City.objects.filter({ country: OuterRef("pk"), population__gt: OuterRef("ofCapital") })))
        .orderBy("-ofCapital"),
    ({ label, capital, ofCapital }) => ({ label, capital, ofCapital }),
  );
  await technique("Case and When: bands of size", () =>
    City.objects
      .annotate({
        size: Case(
          When({ population__gte: 1_000_000 }, { then: Value("a metropolis") }),
          When({ population__gte: 100_000 }, { then: Value("a city") }),
          {
            default: Value("a town"),
          },
        ),
      })
      .values("size")
      .annotate({ n: Count("pk"), people: Sum("population") })
      .orderBy("-n"),
  );
  await technique("Window: the two largest cities of each Nordic country", () =>
    City.objects
      .filter({ country__subregion__name: "Northern Europe", country__area__gt: 300_000 })
      .annotate({ place: Window(Rank(), { partitionBy: ["country"], orderBy: [F("population").desc()] }) })
      .filter({ place__lte: 2 })
      .orderBy("country__name", "place")
      .values("country__name", "place", "name", "population"),
  );
}
