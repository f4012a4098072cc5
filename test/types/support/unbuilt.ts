/** Public functions whose types are done and whose run time is not: declared, so that the types are tested already. */
import type * as expressions from "../../../src/orm/types/expressions.types.js";

export declare const Func: expressions.FuncFunction;
