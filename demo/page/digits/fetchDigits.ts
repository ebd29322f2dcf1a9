/** The digits, from beside the page. */
import address from "virtual:digits";
import { readDigits, type Digits } from "./data.ts";

export async function fetchDigits(signal: AbortSignal): Promise<Digits> {
  const response = await fetch(address, { signal });
  if (!response.ok || !response.body) throw new Error(`the digits did not come (HTTP ${response.status})`);
  return readDigits(response.body);
}
