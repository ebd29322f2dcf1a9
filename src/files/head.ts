/** A head from any file that can hold one. */
import type { Head } from "../head.ts";
import { extensionOf } from "./extension.ts";
import { readNpz } from "./npz.ts";
import { readSafetensors } from "./safetensors.ts";

export const headFormats = [".safetensors", ".npz"] as const;

const readers: Record<(typeof headFormats)[number], (path: string) => Promise<Head>> = {
  ".safetensors": readSafetensors,
  ".npz": readNpz,
};

/** Reads a head whose layers fit each other; an unknown extension, or what is no head, is an InputError. */
export async function readHead(path: string): Promise<Head> {
  return readers[extensionOf(path, headFormats)](path);
}
