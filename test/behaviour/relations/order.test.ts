/** Rows in an order with respect to another row: their places, the order as a list, neighbours. */
import { babik, CASCADE, CharField, ForeignKey, model, QueryTypeError } from "babik";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { captureQueries } from "../../../src/testing.js";
import { testDatabase } from "../../support/database.js";

class Question extends model("Question", { text: CharField({ maxLength: 50 }) }) {}
class Answer extends model(
  "Answer",
  {
    text: CharField({ maxLength: 50 }),
    question: ForeignKey("Question", { onDelete: CASCADE, relatedName: "answers" }),
  },
  { orderWithRespectTo: "question" },
) {}
class Remark extends model("Remark", {
  question: ForeignKey("Question", { onDelete: CASCADE, relatedName: "remarks" }),
}) {}

const database = await testDatabase();
const orm = babik({ databases: { default: database.url }, apps: { quiz: { Question, Answer, Remark } } });
afterAll(() => orm.close());
beforeAll(() => orm.createTables());
type Row = Awaited<ReturnType<typeof Question.objects.get>>;
let question: Row, answers: Row[];
beforeEach(async () => {
  await Question.objects.all().delete();
  question = await Question.objects.create({ text: "Which?" });
  answers = [];
  for (const text of ["one", "two", "three"]) answers.push(await question.answers.create({ text }));
  await Answer.objects.create({ text: "elsewhere", question: await Question.objects.create({ text: "Other?" }) });
});
const texts = async () => (await question.answers.all()).map((a: Row) => a.text);

test("new rows come last, and rows come in their order", async () => {
  expect(await texts()).toEqual(["one", "two", "three"]);
  expect(await question.getAnswerOrder()).toEqual(answers.map((a) => a.pk));
});
test("the order is set by a list of keys, in one statement", async () => {
  const keys = [answers[2], answers[0], answers[1]].map((a) => a!.pk);
  const { queries } = await captureQueries(() => question.setAnswerOrder(keys));
  expect(queries.filter((q) => q.kind === "statement")).toHaveLength(1);
  expect(await texts()).toEqual(["three", "one", "two"]);
  expect(await question.getAnswerOrder()).toEqual(keys);
});
test("the set of rows has the same, typed", async () => {
  const keys = [answers[1], answers[2], answers[0]].map((a) => a!.pk);
  await question.answers.setOrder(keys);
  expect(await question.answers.getOrder()).toEqual(keys);
  await expect(question.remarks.getOrder()).rejects.toThrow(QueryTypeError);
  await expect(question.answers.setOrder(7 as never)).rejects.toThrow(QueryTypeError);
});
test("keys of other questions' answers are passed over", async () => {
  const other = await Answer.objects.get({ text: "elsewhere" });
  await question.setAnswerOrder([other.pk, answers[1]!.pk, answers[0]!.pk, answers[2]!.pk]);
  expect(await texts()).toEqual(["two", "one", "three"]);
  expect((await Answer.objects.get({ text: "elsewhere" }))["_order"]).toBe(0);
});
test("a row has neighbours among its siblings", async () => {
  await question.setAnswerOrder([answers[2]!.pk, answers[0]!.pk, answers[1]!.pk]);
  const [three, one, two] = await question.answers.all();
  expect((await three!.getNextInOrder()).text).toBe("one");
  expect((await one!.getNextInOrder()).text).toBe("two");
  expect((await two!.getPreviousInOrder()).text).toBe("one");
  await expect(two!.getNextInOrder()).rejects.toThrow(Answer.DoesNotExist);
  await expect(question.getNextInOrder()).rejects.toThrow(QueryTypeError);
});
