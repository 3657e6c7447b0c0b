// An async iterable that ends with the signal's reason at once when the signal aborts, even while the source keeps silent.

export const abortable = <T>(source: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncIterable<T> =>
  signal === undefined ? source : { [Symbol.asyncIterator]: () => iterate(source, signal) };

const iterate = <T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncIterator<T, unknown, undefined> => {
  const iterator = source[Symbol.asyncIterator]();
  // One listener for the whole iteration: racing each step against one promise would gather a reaction per chunk.
  let interrupt: ((reason: unknown) => void) | undefined;
  const onAbort = (): void => interrupt?.(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const end = (): void => signal.removeEventListener('abort', onAbort);
  const step = async (): Promise<IteratorResult<T>> => {
    const result = await iterator.next();
    if (result.done === true) end();
    return result;
  };
  return {
    next: () =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        interrupt = reject;
        step().then(resolve, reject);
      }),
    return: async () => {
      end();
      const ended = iterator.return?.();
      // A generator that waits for its own source answers only when that does.
      if (signal.aborted) ended?.catch(() => undefined);
      else await ended;
      return { done: true, value: undefined };
    },
  };
};
