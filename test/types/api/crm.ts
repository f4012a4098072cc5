/** A second app, whose models refer to the first and are referred to by it. */
import {
  BigAutoField,
  CASCADE,
  CharField,
  EmailField,
  ForeignKey,
  IntegerField,
  model,
  OneToOneField,
  SET_NULL,
} from "babik";

export class Customer extends model("Customer", {
  name: CharField({ maxLength: 100 }),
  email: EmailField({ unique: true }),
  favourite: ForeignKey("shop.Product", { onDelete: SET_NULL, null: true, relatedName: "fans" }),
}) {}

export class Profile extends model("Profile", {
  customer: OneToOneField("Customer", { onDelete: CASCADE, relatedName: "profile", primaryKey: true }),
  points: IntegerField({ default: 0 }),
}) {}

export class Visit extends model("Visit", {
  customer: ForeignKey("Customer", { onDelete: CASCADE }),
  page: CharField({ maxLength: 50 }),
}) {}

/** Keys past 2^53, and what refers to them. */
export class Click extends model("Click", {
  id: BigAutoField({ bigint: true }),
  count: IntegerField({ bigint: true, null: true }),
  after: ForeignKey("Click", { onDelete: CASCADE, null: true }),
}) {}
