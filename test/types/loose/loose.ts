/** With no `Register` nothing is refused: rows of unknown models are loose, own fields are still typed. */
import {
  CASCADE,
  CharField,
  Count,
  F,
  ForeignKey,
  IntegerField,
  type Lazy,
  m2mChanged,
  model,
  postSave,
  Q,
  QuerySet,
} from "babik";
import { type Equal, holds } from "../equal.js";

class Author extends model("Author", { name: CharField({ maxLength: 100 }), age: IntegerField({ null: true }) }) {}
class Book extends model("Book", {
  title: CharField({ maxLength: 100 }),
  author: ForeignKey("Author", { onDelete: CASCADE, relatedName: "books" }),
}) {
  static override readonly objects = this.manager(
    class extends QuerySet<"Book"> {
      short() {
        return this.filter({ title__length__lt: 3, author__name: "x" });
      }
    },
  );
}

const author = new Author({ name: "x", age: null });
holds<Equal<typeof author.name, string>>();
holds<Equal<typeof author.age, number | null>>();
const book = new Book({ title: "x", author });
holds<Equal<typeof book.title, string>>();
book.author satisfies Lazy<unknown>;

const rows = await Book.objects
  .short()
  .filter({ anything__at__all: 3, author: 3 }, Q({ more: 1 }).or({ other: 2 }))
  .orderBy("-whatever", F("x").desc());
rows[0]!.anything.at.all;
rows[0]!.books.all();
const counted = await Author.objects
  .annotate({ n: Count("books") })
  .filter({ n__gt: 3 })
  .selectRelated("x__y")
  .prefetchRelated("z");
holds<Equal<(typeof counted)[number]["n"], number>>();
const values = await Author.objects.values("x", "y__z");
values[0]!.x.anything;
const list = await Author.objects.valuesList("x", { flat: true });
list[0].anything;
await Author.objects.create({ name: "x", other: 3 });
await Author.objects.update({ other: F("x").add(1) });
const total = await Author.objects.aggregate({ n: Count("books") });
holds<Equal<typeof total, { n: number }>>();
(await Author.objects.get({ pk: 3 })).anything;
await Author.objects.only("name").defer("x");

// A model that is built from data.
const names: string[] = ["a", "b"];
const fields = Object.fromEntries(names.map((name) => [name, IntegerField()]));
const label: string = "Built";
const Built = model(label, fields);
const built = await Built.objects.filter({ a__gt: 3 }).orderBy("b");
built[0]!.a.anything;
new Built({ a: 1 }).a satisfies number | undefined;

// Signals: any label, and own classes are typed still.
postSave.connect(({ instance }) => instance.anything.at.all, { sender: "shop.Whatever" });
postSave.connect(({ instance }) => holds<Equal<typeof instance, Book>>(), { sender: Book });
m2mChanged.connect(({ pkSet }) => pkSet, { sender: "Book.anything" });
