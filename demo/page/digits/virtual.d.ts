declare module "virtual:digits" {
  /** Of the file that demo/digits/pack.ts makes. */
  const address: string;
  export default address;
}
