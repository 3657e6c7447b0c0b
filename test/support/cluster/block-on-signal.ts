// Loaded into a node's processes by a test: at SIGUSR2 the event loop stands still for 2 s, as in a step that takes too long.

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));

process.on('SIGUSR2', () => void Atomics.wait(nobodyWakes, 0, 0, 2_000));
