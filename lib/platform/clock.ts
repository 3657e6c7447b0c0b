// Time as a dependency: tests give their own.

export interface Clock {
  /** Wall clock, ms since 1970. */
  wall(): number;
  /** Never goes back; ms from an arbitrary start. */
  monotonic(): number;
  /** Calls `action` once after `ms`; the returned function takes it back. Keeps no process alive. */
  after(ms: number, action: () => void): () => void;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      }
    }),
};

/** Its monotonic time has the same start in all processes of the machine (CLOCK_MONOTONIC): for times that are told from one to another. */
export const machineClock: Clock = { ...systemClock, monotonic: () => Number(process.hrtime.bigint()) / 1e6 };
