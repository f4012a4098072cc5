/** The models of the atlas: what a Django user would write in `models.py`. */
import {
  BooleanField,
  CASCADE,
  CharField,
  FloatField,
  ForeignKey,
  Index,
  IntegerField,
  Manager,
  ManyToManyField,
  model,
  PROTECT,
  QuerySet,
  SET_NULL,
} from "babik";

export class Region extends model("Region", { name: CharField({ maxLength: 20, unique: true }) }) {}

export class Subregion extends model("Subregion", {
  name: CharField({ maxLength: 40, unique: true }),
  region: ForeignKey("Region", { onDelete: CASCADE, relatedName: "subregions" }),
}) {}

export class Currency extends model("Currency", {
  code: CharField({ maxLength: 3, primaryKey: true }),
  name: CharField({ maxLength: 60 }),
}) {}

export class Language extends model("Language", {
  code: CharField({ maxLength: 3, primaryKey: true }),
  name: CharField({ maxLength: 60 }),
}) {}

export class Country extends model(
  "Country",
  {
    code: CharField({ maxLength: 2, primaryKey: true }),
    name: CharField({ maxLength: 60, unique: true }),
    officialName: CharField({ maxLength: 100 }),
    capital: CharField({ maxLength: 60 }),
    area: FloatField(),
    landlocked: BooleanField({ default: false }),
    region: ForeignKey("Region", { onDelete: PROTECT, relatedName: "countries" }),
    subregion: ForeignKey("Subregion", { onDelete: SET_NULL, null: true, relatedName: "countries" }),
    neighbours: ManyToManyField("self"),
    currencies: ManyToManyField("Currency", { relatedName: "countries" }),
    languages: ManyToManyField("Language", { relatedName: "countries" }),
  },
  { ordering: ["name"] },
) {
  get label() {
    return `${this.name} (${this.code})`;
  }
  // Methods of one's own stand on the manager and after every step of a chain.
  static override readonly objects = this.manager(
    class extends QuerySet<"Country"> {
      islands() {
        return this.filter({ neighbours__isnull: true, landlocked: false });
      }
      speaking(language: string) {
        return this.filter({ languages__name: language });
      }
    },
  );
}

export class City extends model(
  "City",
  {
    geonameId: IntegerField({ unique: true }),
    name: CharField({ maxLength: 80 }),
    country: ForeignKey("Country", { onDelete: CASCADE, relatedName: "cities" }),
    population: IntegerField(),
    latitude: FloatField(),
    longitude: FloatField(),
    isCapital: BooleanField({ default: false }),
  },
  {
    indexes: [
      Index({ fields: ["country", "-population"], name: "city_by_size" }),
      Index({ fields: ["name"], name: "city_by_name" }),
    ],
  },
) {
  // A second manager that starts from fewer rows.
  static readonly capitals = this.manager(
    class extends Manager<"City"> {
      override getQuerySet() {
        return super.getQuerySet().filter({ isCapital: true });
      }
    },
  );
}
