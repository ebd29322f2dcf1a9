/** Reads in a row of what answers late, as few and long ones. */

/** Bytes that are read at a time, at most. */
const LONGEST = 2 ** 23;
/** How much of what has been read in a row is read ahead: single rows stay short. */
const TIMES = 8;
/** Works that go their ways at the same time; each may hold the longest. */
const MOST_RUNS = 4;

type Read = (into: Uint8Array, position: number) => Promise<void>;

/** Reads of which each begins where the one before ended. */
interface Run {
  /** Bytes so far. */
  length: number;
  /** The bytes that are held, [from, to): none, where the last was read into the place that was given. */
  from: number;
  to: number;
  content?: Promise<Uint8Array>;
}

/** Reads a file of `size` bytes by way of `read`, of which it asks more at a time the longer reads go on in a row. */
export function readingAhead(size: number, read: Read): Read {
  /** The latest last. */
  let runs: Run[] = [];
  const forget = (run: Run): void => {
    runs = runs.filter((other) => other !== run);
  };
  return async (into, position) => {
    if (into.length === 0) return;
    const end = position + into.length;
    const run = runs.find(({ from, to }) => position >= from && position <= to);
    if (!run) {
      runs = [...runs, { length: into.length, from: end, to: end }].slice(-MOST_RUNS);
      return read(into, position);
    }
    forget(run);
    runs.push(run);
    run.length += into.length;
    const { from, to, content } = run;
    const held = Math.min(end, to) - position;
    const rest = into.subarray(held);
    let next: Promise<Uint8Array> | undefined;
    if (rest.length > 0) {
      const block = blockFor(rest, Math.min(LONGEST, TIMES * run.length, size - to));
      next = read(block, to).then(() => block);
      const isKept = block !== rest;
      run.to = to + block.length;
      run.from = isKept ? to : run.to;
      run.content = isKept ? next : undefined;
    }
    try {
      const [old, block] = await Promise.all([content, next]);
      if (held > 0) into.set(old!.subarray(position - from, position - from + held));
      if (block && block !== rest) rest.set(block.subarray(0, rest.length));
    } catch (error) {
      forget(run);
      throw error;
    }
  };
}

/** Where to read to: a place of its own, if that is longer than what was asked for. */
const blockFor = (rest: Uint8Array, ahead: number): Uint8Array => (ahead > rest.length ? new Uint8Array(ahead) : rest);
