/** A device some of whose methods are others, and error scopes that say of a buffer that there was no memory for it. */

/** The same device but for its `own` methods. */
export function overlaid(real: GPUDevice, own: Readonly<Record<string, unknown>>): GPUDevice {
  return new Proxy(real, {
    get(target, name) {
      if (typeof name === "string" && name in own) return own[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Scopes of a device, and what makes the innermost of them end with an error. */
export function refusingScopes(real: GPUDevice) {
  const scopes: boolean[] = [];
  return {
    refuse: () => void (scopes[scopes.length - 1] = true),
    own: {
      pushErrorScope(filter: GPUErrorFilter) {
        scopes.push(false);
        real.pushErrorScope(filter);
      },
      async popErrorScope() {
        const failed = scopes.pop();
        const error = await real.popErrorScope();
        return failed ? { message: "out of memory" } : error;
      },
    },
  };
}
