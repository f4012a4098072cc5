/**
 * FileField, ImageField and FilePathField: text columns that hold a path. Storing files is not the ORM's work; the options
 * are kept for those who do it.
 */
import type { DialectInfo } from "../ast/seams.js";
import { type CheckMessage, type FieldOptions, type Validator } from "./field.js";
import { TextBase, varchar } from "./text.js";

abstract class PathText extends TextBase {
  constructor(options: FieldOptions = {}) {
    super({ maxLength: 100, ...options });
  }
  override dbType(_dialect: DialectInfo): string {
    return varchar(this.maxLength);
  }
  override castType(dialect: DialectInfo): string {
    if (dialect.name === "sqlite") return "text";
    return dialect.name === "mysql" ? `char(${this.maxLength})` : varchar(this.maxLength);
  }
  protected override builtInValidators(): readonly Validator[] {
    return this.lengthValidator;
  }
}

/** Options of FileField and ImageField. */
export interface FileOptions extends FieldOptions {
  readonly uploadTo?: string | ((instance: object, filename: string) => string);
  readonly storage?: unknown;
  readonly widthField?: string;
  readonly heightField?: string;
}

/** The path of a file, relative to its storage. */
export class FileField extends PathText {
  static override readonly optionNames: readonly string[] = [
    "uploadTo",
    "storage",
    "widthField",
    "heightField",
  ] satisfies readonly (keyof FileOptions)[];
  override readonly typeName: string = "FileField";
  readonly uploadTo: FileOptions["uploadTo"];
  readonly storage: unknown;
  constructor(options: FileOptions = {}) {
    super(options);
    this.uploadTo = options.uploadTo ?? "";
    this.storage = options.storage;
  }
  override check(dialects: readonly DialectInfo[] = []): CheckMessage[] {
    const out = super.check(dialects);
    if (this.options.primaryKey)
      out.push({
        id: "fields.E201",
        level: "error",
        message: `'primaryKey' is not a valid argument for a ${this.typeName}.`,
        hint: undefined,
        object: this.path,
      });
    if (typeof this.uploadTo === "string" && this.uploadTo.startsWith("/"))
      out.push({
        id: "fields.E202",
        level: "error",
        message: `${this.typeName}'s 'uploadTo' argument must be a relative path, not an absolute path.`,
        hint: "Remove the leading slash.",
        object: this.path,
      });
    return out;
  }
}

/** The path of an image. */
export class ImageField extends FileField {
  override readonly typeName: string = "ImageField";
  readonly widthField: string | undefined;
  readonly heightField: string | undefined;
  constructor(options: FileOptions = {}) {
    super(options);
    this.widthField = options.widthField;
    this.heightField = options.heightField;
  }
  override get ancestry(): readonly string[] {
    return [this.typeName, "FileField", "Field"];
  }
}

/** Options of FilePathField. */
export interface FilePathOptions extends FieldOptions {
  /** The folder whose files are the choices. */
  readonly path?: string | (() => string);
  readonly match?: string | RegExp;
  readonly recursive?: boolean;
  readonly allowFiles?: boolean;
  readonly allowFolders?: boolean;
}

/** The name of a file in a folder of the server. */
export class FilePathField extends PathText {
  static override readonly optionNames: readonly string[] = [
    "path",
    "match",
    "recursive",
    "allowFiles",
    "allowFolders",
  ] satisfies readonly (keyof FilePathOptions)[];
  override readonly typeName: string = "FilePathField";
  /** The folder; `path` itself is a field's name in messages. */
  readonly folder: string | (() => string);
  readonly match: string | RegExp | undefined;
  readonly recursive: boolean;
  readonly allowFiles: boolean;
  readonly allowFolders: boolean;
  constructor(options: FilePathOptions = {}) {
    super(options);
    this.folder = options.path ?? "";
    this.match = options.match;
    this.recursive = options.recursive ?? false;
    this.allowFiles = options.allowFiles ?? true;
    this.allowFolders = options.allowFolders ?? false;
  }
  override check(dialects: readonly DialectInfo[] = []): CheckMessage[] {
    const out = super.check(dialects);
    if (!this.allowFiles && !this.allowFolders)
      out.push({
        id: "fields.E140",
        level: "error",
        message: "FilePathFields must have either 'allowFiles' or 'allowFolders' set to true.",
        hint: undefined,
        object: this.path,
      });
    return out;
  }
}
