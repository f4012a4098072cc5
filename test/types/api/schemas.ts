/** Models as Standard Schemas: types of input and output. */
import type { Decimal, DecimalInput, StandardSchema } from "babik";
import { type Equal, holds } from "../equal.js";
import { Category, type Line, Product, Tag } from "./shop.js";

// The inference of the specification: `StandardSchemaV1.InferInput` and `InferOutput` read these members.
type Input<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["input"];
type Output<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["output"];
const asSchema = <S extends StandardSchema>(schema: S): S => schema;
asSchema(Product);
asSchema(Product.updateSchema);

type New = Input<typeof Product>;
holds<Equal<New["name"], string>>();
holds<Equal<New["price"], DecimalInput>>();
holds<Equal<Output<typeof Product>["price"], Decimal>>();
holds<Equal<New["weight"], number | null | undefined>>();
holds<Equal<New["categoryId"], number | undefined>>();
declare const created: Output<typeof Product>;
await Product.objects.create({ ...created, categoryId: 1 });
const right: New = { name: "Lamp", price: "3.50", categoryId: 1 };
// @ts-expect-error: a price is missing
const poor: New = { name: "Lamp" };
// @ts-expect-error: an automatic key is no input
const forged: New = { name: "Lamp", price: 3, id: 7 };
// @ts-expect-error: what is computed is no input
const computed: New = { name: "Lamp", price: 3, total: 7 };

type Change = Input<typeof Product.updateSchema>;
const change: Change = { price: 3 };
const nothing: Change = {};
// @ts-expect-error: a name is a text
const mistaken: Change = { name: 3 };

const label = Tag.schema({ only: ["label"] });
holds<Equal<Input<typeof label>, { readonly label: "hot" | "new" }>>();
const bare = Category.schema({ exclude: ["parent"], partial: true });
holds<Equal<keyof Input<typeof bare>, "name" | "maxPrice">>();
// @ts-expect-error: no such field
Tag.schema({ only: ["lable"] });

const checked = await Tag["~standard"].validate({});
if (checked.issues === undefined) holds<Equal<typeof checked.value.label, "hot" | "new">>();
export type { Line };
export { change, computed, forged, mistaken, nothing, poor, right };
