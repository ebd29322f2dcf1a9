/** A device that is lost at a call of a test's choice, of whatever kind that call is. */

export interface LosingDevice {
  readonly device: GPUDevice;
  /** Names of the calls so far, of the device, its queue, encoders and buffers, in their order. */
  readonly calls: readonly string[];
}

/** Reads what is there anyway: nothing is asked of the device. */
const QUIET = new Set(["addEventListener", "removeEventListener", "destroy", "getCompilationInfo"]);

/**
 * Loses the device just before call number `at`, counted from 0, is passed on to it. News of that come so many milliseconds
 * later, as they do in a browser.
 */
export function losingDevice(real: GPUDevice, at: number, newsAfter = 0): LosingDevice {
  const calls: string[] = [];
  const lost =
    newsAfter === 0
      ? real.lost
      : real.lost.then((info) => new Promise<GPUDeviceLostInfo>((tell) => setTimeout(tell, newsAfter, info)));
  const wrapped = new WeakMap<object, object>();
  const originals = new WeakMap<object, object>();
  const unwrap = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(unwrap);
    if (typeof value !== "object" || value === null) return value;
    const original = originals.get(value);
    if (original) return original;
    if (Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, unwrap(one)]));
  };
  const wrap = <T extends object>(target: T, kind: string): T => {
    const known = wrapped.get(target);
    if (known) return known as T;
    const proxy = new Proxy(target, {
      get(_, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name === "lost") return lost;
        if (name === "queue") return wrap(value as GPUQueue, "queue");
        if (typeof value !== "function") return value;
        const called = String(name);
        return (...given: unknown[]) => {
          if (!QUIET.has(called)) {
            if (calls.length === at) real.destroy();
            calls.push(`${kind}.${called}`);
          }
          const result: unknown = Reflect.apply(value, target, given.map(unwrap));
          if (called === "createBuffer") return wrap(result as GPUBuffer, "buffer");
          if (called === "createCommandEncoder") return wrap(result as GPUCommandEncoder, "encoder");
          return result;
        };
      },
    });
    wrapped.set(target, proxy);
    originals.set(proxy, target);
    return proxy;
  };
  return { device: wrap(real, "device"), calls };
}
