// Buffers for uploads, used again: an upload holds at most two of them.

export const bufferBytes = 256 << 10;
const maxIdle = 32;

export class BufferPool {
  readonly #idle: Buffer[] = [];

  take(): Buffer {
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
  }

  give(buffer: Buffer): void {
    if (this.#idle.length < maxIdle) this.#idle.push(buffer);
  }
}
