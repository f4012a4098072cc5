/** Pages hold the rows of what was cut, with all that was loaded and gathered on the way. */
import { Count, KeysetPaginator, Paginator } from "babik";
import { type Equal, holds } from "../equal.js";
import { Category, Product } from "./shop.js";

const page = await Paginator(Product.objects.cheap().orderBy("name"), 25).getPage("3");
holds<Equal<(typeof page.objectList)[number], Product>>();
for (const product of page) holds<Equal<typeof product, Product>>();
const joined = await Paginator(Product.objects.selectRelated("category").annotate({ n: Count("orders") }), 25).page(1);
holds<Equal<(typeof joined.objectList)[number]["category"]["name"], string>>();
holds<Equal<(typeof joined.objectList)[number]["n"], number>>();
const flat = await Paginator(Product.objects.valuesList("name", { flat: true }), 5).page(1);
holds<Equal<typeof flat.objectList, readonly string[]>>();
const list = await Paginator([1, 2, 3] as number[], 2).page(1);
holds<Equal<typeof list.objectList, readonly number[]>>();
const managed = await Paginator(Product.objects, 2).page(1);
holds<Equal<typeof managed.objectList, readonly Product[]>>();
const category = await Category.objects.get({ pk: 1 });
const related = await Paginator(category.products, 2).page(1);
holds<Equal<typeof related.objectList, readonly Product[]>>();
// @ts-expect-error: not a number of rows
Paginator(Product.objects, "2");
// @ts-expect-error: nothing to cut
Paginator(3, 2);

const next = await KeysetPaginator(Product.objects.selectRelated("category").orderBy("-price"), 25).page();
holds<Equal<(typeof next.objectList)[number]["category"]["name"], string>>();
holds<Equal<typeof next.next, string | null>>();
const values = await KeysetPaginator(Product.objects.values("name"), 25).page(next.next);
holds<Equal<(typeof values.objectList)[number], { name: string }>>();
// @ts-expect-error: lists have no keys to go by
KeysetPaginator([1, 2], 2);
