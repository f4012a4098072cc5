/** What the types of the error tree promise, and what they refuse. */
import type { ErrorFacts, ValidationMessage } from "../../../src/base/errors.js";
import { DatabaseError, IntegrityError, nearest, ProtectedError, ValidationError } from "../../../src/base/errors.js";
import { type Equal, holds } from "../equal.js";

const integrity = new IntegrityError("A row exists.", "database.unique", { constraint: "shop_product_name_key" });
holds<Equal<typeof integrity.code, string>>();
holds<Equal<typeof integrity.columns, readonly string[] | undefined>>();
integrity satisfies DatabaseError;

// @ts-expect-error: the code of an error never changes
integrity.code = "other";

// @ts-expect-error: facts are known by name
new DatabaseError("It failed.", "database.error", { password: "x" });

// @ts-expect-error: an absent fact is left out, not given as undefined
({ model: undefined }) satisfies ErrorFacts;

const validation = new ValidationError({ name: [{ message: "Required.", code: "required" }] });
holds<Equal<typeof validation.messageDict, Record<string, string[]>>>();
holds<Equal<(typeof validation.errorList)[number], ValidationMessage>>();

// @ts-expect-error: every message has a code
new ValidationError([{ message: "Required." }]);

// @ts-expect-error: protected objects are needed
new ProtectedError("Cannot delete.");

holds<Equal<ReturnType<typeof nearest>, string | undefined>>();
// @ts-expect-error: undefined is no string
nearest("a", ["b"]) satisfies string;

// @ts-expect-error: the check itself refuses types that differ
holds<Equal<string, string | undefined>>();
