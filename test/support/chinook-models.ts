/**
 * The Chinook database as models: a shop of music whose tables and columns have names of their own (`InvoiceLine`,
 * `UnitPrice`), as a database has that was there before babik.
 */
import {
  AutoField,
  CharField,
  CompositePrimaryKey,
  DateTimeField,
  DecimalField,
  DO_NOTHING,
  ForeignKey,
  IntegerField,
  ManyToManyField,
  model,
  SET_NULL,
} from "babik";

const key = (dbColumn: string) => AutoField({ primaryKey: true, dbColumn });
const text = (dbColumn: string, maxLength: number) => CharField({ dbColumn, maxLength });
const maybe = (dbColumn: string, maxLength: number) => CharField({ dbColumn, maxLength, null: true });
const money = (dbColumn: string) => DecimalField({ dbColumn, maxDigits: 10, decimalPlaces: 2 });
const address = (prefix = "") => ({
  address: maybe(`${prefix}Address`, 70),
  city: maybe(`${prefix}City`, 40),
  state: maybe(`${prefix}State`, 40),
  country: maybe(`${prefix}Country`, 40),
  postalCode: maybe(`${prefix}PostalCode`, 10),
});
const phones = { phone: maybe("Phone", 24), fax: maybe("Fax", 24) };

export class Artist extends model("Artist", { id: key("ArtistId"), name: maybe("Name", 120) }, { dbTable: "Artist" }) {}

export class Album extends model(
  "Album",
  {
    id: key("AlbumId"),
    title: text("Title", 160),
    artist: ForeignKey("Artist", { onDelete: DO_NOTHING, dbColumn: "ArtistId", relatedName: "albums" }),
  },
  { dbTable: "Album" },
) {}

export class Genre extends model("Genre", { id: key("GenreId"), name: maybe("Name", 120) }, { dbTable: "Genre" }) {}

export class MediaType extends model(
  "MediaType",
  { id: key("MediaTypeId"), name: maybe("Name", 120) },
  { dbTable: "MediaType" },
) {}

export class Track extends model(
  "Track",
  {
    id: key("TrackId"),
    name: text("Name", 200),
    album: ForeignKey("Album", { onDelete: SET_NULL, null: true, dbColumn: "AlbumId", relatedName: "tracks" }),
    mediaType: ForeignKey("MediaType", { onDelete: DO_NOTHING, dbColumn: "MediaTypeId", relatedName: "tracks" }),
    genre: ForeignKey("Genre", { onDelete: SET_NULL, null: true, dbColumn: "GenreId", relatedName: "tracks" }),
    composer: maybe("Composer", 220),
    milliseconds: IntegerField({ dbColumn: "Milliseconds" }),
    bytes: IntegerField({ dbColumn: "Bytes", null: true }),
    unitPrice: money("UnitPrice"),
  },
  { dbTable: "Track" },
) {}

export class Playlist extends model(
  "Playlist",
  {
    id: key("PlaylistId"),
    name: maybe("Name", 120),
    tracks: ManyToManyField("Track", { through: "PlaylistTrack", relatedName: "playlists" }),
  },
  { dbTable: "Playlist" },
) {}

export class PlaylistTrack extends model(
  "PlaylistTrack",
  {
    pk: CompositePrimaryKey("playlist", "track"),
    playlist: ForeignKey("Playlist", { onDelete: DO_NOTHING, dbColumn: "PlaylistId", relatedName: "+" }),
    track: ForeignKey("Track", { onDelete: DO_NOTHING, dbColumn: "TrackId", relatedName: "+" }),
  },
  { dbTable: "PlaylistTrack" },
) {}

export class Employee extends model(
  "Employee",
  {
    id: key("EmployeeId"),
    lastName: text("LastName", 20),
    firstName: text("FirstName", 20),
    title: maybe("Title", 30),
    reportsTo: ForeignKey("self", { onDelete: SET_NULL, null: true, dbColumn: "ReportsTo", relatedName: "reports" }),
    birthDate: DateTimeField({ dbColumn: "BirthDate", null: true }),
    hireDate: DateTimeField({ dbColumn: "HireDate", null: true }),
    ...address(),
    ...phones,
    email: maybe("Email", 60),
  },
  { dbTable: "Employee" },
) {}

export class Customer extends model(
  "Customer",
  {
    id: key("CustomerId"),
    firstName: text("FirstName", 40),
    lastName: text("LastName", 20),
    company: maybe("Company", 80),
    ...address(),
    ...phones,
    email: text("Email", 60),
    supportRep: ForeignKey("Employee", {
      onDelete: SET_NULL,
      null: true,
      dbColumn: "SupportRepId",
      relatedName: "customers",
    }),
  },
  { dbTable: "Customer" },
) {}

export class Invoice extends model(
  "Invoice",
  {
    id: key("InvoiceId"),
    customer: ForeignKey("Customer", { onDelete: DO_NOTHING, dbColumn: "CustomerId", relatedName: "invoices" }),
    invoiceDate: DateTimeField({ dbColumn: "InvoiceDate" }),
    ...address("Billing"),
    total: money("Total"),
  },
  { dbTable: "Invoice" },
) {}

export class InvoiceLine extends model(
  "InvoiceLine",
  {
    id: key("InvoiceLineId"),
    invoice: ForeignKey("Invoice", { onDelete: DO_NOTHING, dbColumn: "InvoiceId", relatedName: "lines" }),
    track: ForeignKey("Track", { onDelete: DO_NOTHING, dbColumn: "TrackId", relatedName: "sales" }),
    unitPrice: money("UnitPrice"),
    quantity: IntegerField({ dbColumn: "Quantity" }),
  },
  { dbTable: "InvoiceLine" },
) {}
