/** Managers: several of a model, which of them is used where, and what children, proxies and abstract bases pass on. */
import {
  abstractModel,
  babik,
  BooleanField,
  CASCADE,
  CharField,
  ForeignKey,
  Manager,
  ManyToManyField,
  model,
  QuerySet,
} from "babik";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testDatabase } from "../../support/database.js";

class PersonQuerySet extends QuerySet<"Person"> {
  named(name: string) {
    return this.filter({ name });
  }
}
class Visible extends Manager<"Person"> {
  override getQuerySet() {
    return super.getQuerySet().filter({ hidden: false });
  }
}
class Person extends model("Person", { name: CharField({ maxLength: 20 }), hidden: BooleanField({ default: false }) }) {
  static readonly visible = this.manager(Visible);
  static override readonly objects = this.manager(PersonQuerySet);
}
class Employee extends Person.extend("Employee", {
  firm: ForeignKey("Firm", { onDelete: CASCADE, relatedName: "staff" }),
}) {}
class Boss extends Person.extend("Boss", { firm: ForeignKey("Firm", { onDelete: CASCADE, relatedName: "bosses" }) }) {
  static override readonly objects = this.manager(class extends QuerySet<"Boss"> {});
}
class Twin extends Person.proxy("Twin") {}
class Firm extends model("Firm", {
  name: CharField({ maxLength: 20 }),
  friends: ManyToManyField("Person", { relatedName: "firms" }),
}) {}
const hiding = abstractModel({ name: CharField({ maxLength: 20 }), hidden: BooleanField({ default: false }) }, {
  managers: { shown: (qs: { filter(c: object): unknown }) => qs.filter({ hidden: false }) },
} as never);
class Note extends hiding.extend("Note", { firm: ForeignKey("Firm", { onDelete: CASCADE, relatedName: "notes" }) }) {}
class Named extends Manager.fromQuerySet(PersonQuerySet) {
  first3() {
    return this.getQuerySet().slice(0, 3);
  }
}
class Guest extends model("Guest", { name: CharField({ maxLength: 20 }) }) {
  static readonly people = this.manager(Named as never);
}
class Pet extends model(
  "Pet",
  { name: CharField({ maxLength: 20 }), hidden: BooleanField({ default: false }) },
  { defaultManagerName: "shown" },
) {
  static override readonly objects = this.manager(class extends Manager<"Pet"> {});
  static readonly shown = this.manager(Visible as never);
}
class Dog extends Pet.extend("Dog", { firm: ForeignKey("Firm", { onDelete: CASCADE, relatedName: "dogs" }) }) {}

const database = await testDatabase();
const orm = babik({
  databases: { default: database.url },
  apps: { staff: { Person, Employee, Boss, Twin, Firm, Note, Guest, Pet, Dog } },
});
afterAll(() => orm.close());
type Row = Awaited<ReturnType<typeof Firm.objects.get>>;
type Loose = { readonly [manager: string]: { all(): PromiseLike<readonly Row[]> } };
let firm: Row;
beforeAll(async () => {
  await orm.createTables();
  firm = await Firm.objects.create({ name: "firm" });
  for (const hidden of [false, true]) {
    await Employee.objects.create({ name: `employee ${hidden}`, hidden, firm });
    await Boss.objects.create({ name: `boss ${hidden}`, hidden, firm });
    await Note.objects.create({ name: `note ${hidden}`, hidden, firm });
    await Dog.objects.create({ name: `dog ${hidden}`, hidden, firm });
    await Guest.objects.create({ name: `guest ${hidden}` });
  }
});
const names = async (rows: PromiseLike<readonly Row[]>) => (await rows).map((r) => r.name).toSorted();

test("a child has the managers of its parent, for rows of its own", async () => {
  const { visible } = Employee as unknown as Loose;
  expect(await names(visible!.all())).toEqual(["employee false"]);
  expect((await visible!.all())[0]).toBeInstanceOf(Employee);
  const objects = Employee.objects as unknown as PersonQuerySet;
  expect(await names(objects.named("employee true") as never)).toEqual(["employee true"]);
  expect(await names((Person as unknown as Loose)["visible"]!.all())).toEqual(["boss false", "employee false"]);
});
test("a proxy has the managers of its model", async () => {
  const { visible } = Twin as unknown as Loose;
  expect((await visible!.all())[0]).toBeInstanceOf(Twin);
  expect(await names((Twin.objects as unknown as PersonQuerySet).named("boss true") as never)).toEqual(["boss true"]);
});
test("the first manager that is declared is the one of related sets; a base's counts where there is none", async () => {
  expect(await names(firm.staff.all())).toEqual(["employee false"]);
  expect(await names(firm.bosses.all())).toEqual(["boss false", "boss true"]);
  await firm.friends.set(await Person.objects.all());
  expect(await names(firm.friends.all())).toEqual(["boss false", "employee false"]);
});
test("an abstract base passes its managers on", async () => {
  expect(await names(firm.notes.all())).toEqual(["note false"]);
  expect(await names((Note as unknown as Loose)["shown"]!.all())).toEqual(["note false"]);
  expect(await Note.objects.count()).toBe(2);
});
test("defaultManagerName chooses, for children without managers too", async () => {
  expect(await names(firm.dogs.all())).toEqual(["dog false"]);
  expect(await names(firm.dogs.manager("objects").all())).toEqual(["dog false", "dog true"]);
});
test("fromQuerySet makes a manager with the methods of a queryset and its own", async () => {
  const guests = (Guest as unknown as { people: unknown }).people as Named;
  expect(await names(guests.named("guest true") as never)).toEqual(["guest true"]);
  expect(await names(guests.first3() as never)).toHaveLength(2);
});
